from django.urls import path

from . import views, views_people

urlpatterns = [
    path("", views.feed, name="feed"),
    path("posts/", views.write_post, name="write-post"),
    path("posts/<int:pk>/", views.post, name="post"),
    path("posts/<int:pk>/comments/", views.write_comment, name="write-comment"),
    path("posts/<int:pk>/like/", views.like, name="like"),
    path("posts/<int:pk>/share/", views.share, name="share"),
    path("faces/<int:pk>.svg", views_people.face, name="face"),
    path("people/", views_people.people, name="people"),
    path("people/<str:username>/", views_people.profile, name="profile"),
    path("people/<str:username>/follow/", views_people.follow, name="follow"),
    path("theme/", views_people.theme, name="theme"),
]
