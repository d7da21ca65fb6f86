"""Mail on a machine without a mail server: printed where the site runs, so that it can be read."""

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend


class ReadableBackend(EmailBackend):
    """Django's prints what a mail server would get, in which every subject with an ō is encoded. This prints what its reader would see."""

    def write_message(self, message: EmailMessage) -> None:
        self.stream.write(f"To: {', '.join(message.to)}\nSubject: {message.subject}\n\n{message.body.rstrip()}\n{'-' * 79}\n")
