"""What a form from a page that has become old is answered: nothing saved, and the page as it stands now."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def reopened(request: HttpRequest, page: str, pk: UUID) -> HttpResponse:
    messages.error(request, "This has been changed meanwhile, so nothing was saved. Here is how it stands now.")
    return redirect(page, pk)
