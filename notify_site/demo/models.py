"""What people of the demo site make: posts, comments, likes, follows."""

from django.conf import settings
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inbox.rendering.wording import shortened

POST_MAX = 500
COMMENT_MAX = 300
NAME_MAX = 60


def one_line(text: str) -> str:
    """What stands for a text in a list."""
    return shortened(" ".join(text.split()), NAME_MAX)


class Post(models.Model):
    """A short public text."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="posts", verbose_name=_("author"))
    text = models.TextField(_("text"), max_length=POST_MAX, validators=[ProhibitNullCharactersValidator()])
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return one_line(self.text)

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.pk])


class Comment(models.Model):
    """A text under a post."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="comments", verbose_name=_("post"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("author"))
    text = models.TextField(_("text"), max_length=COMMENT_MAX, validators=[ProhibitNullCharactersValidator()])
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("comment on a post")  # the inbox has "comments" too
        verbose_name_plural = _("comments on posts")
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return one_line(self.text)

    def get_absolute_url(self) -> str:
        return f"{reverse('post', args=[self.post_id])}#comment-{self.pk}"


class Like(models.Model):
    """That someone likes, or once liked, a post.

    Taking a like back keeps the row (`active` false), so that liking again notifies nobody twice.
    """

    post = models.ForeignKey(Post, models.CASCADE, related_name="likes", verbose_name=_("post"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user"))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        constraints = (models.UniqueConstraint(fields=("post", "user"), name="demo_like_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} → {self.post_id}"


class Follow(models.Model):
    """That one person follows, or once followed, another; unfollowing keeps the row, as with `Like`."""

    follower = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="following", verbose_name=_("follower")
    )
    followed = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="followers", verbose_name=_("followed")
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        constraints = (
            models.UniqueConstraint(fields=("follower", "followed"), name="demo_follow_once"),
            models.CheckConstraint(
                condition=~models.Q(follower=models.F("followed")), name="demo_follow_somebody_else"
            ),
        )

    def __str__(self) -> str:
        return f"{self.follower_id} → {self.followed_id}"
