"""Without a mail server mail is printed as its reader would see it."""

import io

from django.core.mail import EmailMessage

from clod_site.embedded.mailbox import ReadableBackend


def test_subject_and_text_are_printed_as_they_were_written() -> None:
    printed = io.StringIO()
    backend = ReadableBackend(stream=printed)
    sent = backend.send_messages([EmailMessage("Your CLōD code is 123456", "Grüße.\n", "from@clod.local", ["alice@example.com"])])
    assert sent == 1
    assert printed.getvalue().splitlines()[:4] == ["To: alice@example.com", "Subject: Your CLōD code is 123456", "", "Grüße."]
