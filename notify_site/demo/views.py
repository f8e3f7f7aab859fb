"""Posts, comments, likes and shares.

Every form works without JavaScript: POST, then a redirect; a bad one comes back as 422 with its errors.
"""

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from inbox.selectors import stance
from inbox.services import AlreadySubmitted
from inbox.visits import note_version

from . import selectors, services
from .forms import CommentForm, PostForm, ShareForm
from .models import Post
from .web import back, signed_in


@login_required
@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    return _feed(request, PostForm())


@login_required
@require_POST
def write_post(request: HttpRequest) -> HttpResponse:
    form = PostForm(request.POST)
    if not form.is_valid():
        return _feed(request, form, status=422)
    with suppress(AlreadySubmitted):
        services.write_post(signed_in(request), form.cleaned_data["text"], form_key=form.cleaned_data["form_key"])
        messages.success(request, _("Your post is out."))
    return redirect("feed")


@login_required
@require_GET
@note_version
def post(request: HttpRequest, pk: int) -> HttpResponse:
    return _thread(request, pk)


@login_required
@require_POST
def write_comment(request: HttpRequest, pk: int) -> HttpResponse:
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _thread(request, pk, comment_form=form)
    user, target, key = signed_in(request), get_object_or_404(Post, pk=pk), form.cleaned_data["form_key"]
    try:
        return redirect(services.write_comment(user, target, form.cleaned_data["text"], form_key=key))
    except AlreadySubmitted as again:
        return redirect(again.result)


@login_required
@require_POST
def like(request: HttpRequest, pk: int) -> HttpResponse:
    """POST `liked`: 1 likes, anything else takes it back."""
    target = get_object_or_404(Post, pk=pk)
    services.set_like(signed_in(request), target, liked=request.POST.get("liked") == "1")
    return back(request, target.get_absolute_url(), anchor=f"post-{pk}")


@login_required
@require_POST
def share(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    form = ShareForm(request.POST, others=selectors.others(user))
    target = get_object_or_404(Post, pk=pk)
    if not form.is_valid():
        return _thread(request, pk, share_form=form)
    with suppress(AlreadySubmitted):
        told = services.share_post(user, target, **form.cleaned_data)
        said = ngettext("Shared with %(n)d person.", "Shared with %(n)d people.", told)
        messages.success(request, said % {"n": told})
    return redirect(target)


def _feed(request: HttpRequest, form: PostForm, status: int = 200) -> HttpResponse:
    user = signed_in(request)
    following = request.GET.get("view") == "following"
    feed = selectors.feed(user, request.GET.get("page"), following=following)
    context = {
        "feed": feed,
        "form": form,
        "following": following,
        "suggestions": selectors.suggestions(user),
        "here": request.get_full_path() if request.method == "GET" else reverse("feed"),
    }
    return render(request, "demo/feed.html", context, status=status)


def _thread(
    request: HttpRequest,
    pk: int,
    comment_form: CommentForm | None = None,
    share_form: ShareForm | None = None,
) -> HttpResponse:
    user = signed_in(request)
    try:
        thread = selectors.thread(user, pk)
    except Post.DoesNotExist:
        raise Http404(_("There is no such post.")) from None
    context = {
        "thread": thread,
        "comment_form": comment_form or CommentForm(),
        "share_form": share_form or ShareForm(others=selectors.others(user)),
        "here": thread.post.get_absolute_url(),
        "stance": stance(user, thread.post),
    }
    return render(request, "demo/post.html", context, status=422 if comment_form or share_form else 200)
