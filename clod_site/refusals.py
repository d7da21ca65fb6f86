"""What Django itself refuses. Programs (/api, /v1) are told in JSON, people on a page."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import is_valid_path
from django.views import defaults
from rest_framework.response import Response
from rest_framework.views import exception_handler

from clod_site.lib.refusal import Refusal

MACHINE_PATHS = ("/api/", "/v1/")


class BadRequest(Refusal):
    pass


class Forbidden(Refusal):
    status, type, code = 403, "permission_error", "forbidden"


class NotFound(Refusal):
    status, code = 404, "not_found"


class Unexpected(Refusal):
    status, type, code = 500, "server_error", "internal_error"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Mostly a Host header that is none of ours."""
    message = "This request cannot be taken. Is its Host header one of the names this site is reached by?"
    return _answer(request, BadRequest(message)) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Forbidden("You may not do this.")) or defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    refusal = NotFound(f"There is nothing at {request.path[:200]}. The API is described at /api/docs.")
    return _answer(request, refusal) or _nearby(request) or defaults.page_not_found(request, exception)


def _nearby(request: HttpRequest) -> HttpResponse | None:
    """The page whose address was typed with a slash at its end; not where the slash belongs there, as in the admin."""
    address, query = request.path_info.rstrip("/"), request.META.get("QUERY_STRING", "")
    is_other = not is_valid_path(request.path_info) and not address.startswith("//") and request.method in ("GET", "HEAD")
    return HttpResponsePermanentRedirect(f"{address}?{query}" if query else address) if is_other and is_valid_path(address) else None


def server_error(request: HttpRequest) -> HttpResponse:
    refusal = Unexpected("Something went wrong. The x-request-id of this answer finds it in our log.")
    return _answer(request, refusal) or defaults.server_error(request)


def api_refused(error: Exception, context: dict[str, Any]) -> Response | None:
    """What a view of the dashboard's own API refuses, or Django REST framework before it."""
    answer = exception_handler(error, context)
    if isinstance(error, Refusal):
        headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
        return Response(error.body(), status=error.status, headers=headers)
    if answer is not None:
        detail = answer.data.get("detail", "") if isinstance(answer.data, dict) else ""
        answer.data = _named(answer.status_code, str(detail) or "This request cannot be taken.").body()
    return answer


def _named(status: int, message: str) -> Refusal:
    known = {kind.status: kind for kind in (Forbidden, NotFound)}
    refusal = known.get(status, BadRequest)(message)
    refusal.status = status
    return refusal


def _answer(request: HttpRequest, refusal: Refusal) -> HttpResponse | None:
    is_for_a_program = request.path.startswith(MACHINE_PATHS)
    return JsonResponse(refusal.body(), status=refusal.status) if is_for_a_program else None
