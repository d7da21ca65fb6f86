"""The stack's mail server: what is sent becomes a file that can be read, and goes nowhere."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

from stack import mail
from tests.site import free_port


def sent(port: int, subject: str, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "clod@example.org", "dora@example.org", subject
    message.set_content(text)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.send_message(message)


def test_mails_are_kept_in_the_order_they_came(tmp_path: Path) -> None:
    with mail.serving(port := free_port(), tmp_path / "mail"):
        sent(port, "First", "ABCD-EFGH")
        sent(port, "Second", ".a line that begins with a dot\n..and one with two")
    first, second = mail.kept(tmp_path / "mail")
    assert (first["Subject"], first["To"]) == ("First", "dora@example.org")
    assert "ABCD-EFGH" in first.get_content()
    assert second.get_content().splitlines() == [".a line that begins with a dot", "..and one with two"]


def test_the_next_start_goes_on_counting(tmp_path: Path) -> None:
    for subject in ("First", "Second"):
        with mail.serving(port := free_port(), tmp_path / "mail"):
            sent(port, subject, "text")
    assert [each["Subject"] for each in mail.kept(tmp_path / "mail")] == ["First", "Second"]
