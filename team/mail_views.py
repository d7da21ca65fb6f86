"""What a person is mailed about, under Settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.access import MemberRequest, member_page
from team import mail_choices
from team.forms import MailForm


@require_POST
@member_page
def change_mails(request: MemberRequest) -> HttpResponse:
    """Boxes only: whatever is sent means something."""
    MailForm(request.POST, instance=mail_choices.of(request.user), prefix="mails").save()
    messages.success(request, "Your choice of mails is saved.")
    return redirect("/settings#mails")
