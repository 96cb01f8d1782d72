"""Codes on their way to people: mail by SMTP, and text messages by a gateway that takes mail."""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from portal.settings import Settings

_SECONDS = 10.0


class SendError(Exception):
    """A message could not be handed over."""


class Sender:
    """Hands messages to the mail server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def contact_types(self) -> list[str]:
        """The ways in which people can be reached."""
        return ["email", "phone"] if self._settings.sms_domain else ["email"]

    def send(self, contact_type: str, contact: str, subject: str, text: str) -> None:
        """Hand over a message; raises SendError where the server does not take it."""
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        message["To"] = contact if contact_type == "email" else f"{contact.lstrip('+')}@{self._settings.sms_domain}"
        message["Subject"] = subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = make_msgid(domain=self._settings.mail_from.rpartition("@")[2])
        message.set_content(text)
        try:
            self._hand_over(message)
        except (OSError, smtplib.SMTPException) as error:
            raise SendError(type(error).__name__) from error

    def _hand_over(self, message: EmailMessage) -> None:
        settings = self._settings
        # Named, since looking up this machine's own name may take longer than all the rest.
        name = settings.mail_from.rpartition("@")[2]
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, local_hostname=name, timeout=_SECONDS) as server:
            if settings.smtp_starttls:
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
