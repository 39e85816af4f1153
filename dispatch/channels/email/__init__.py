"""E-mail: an alarm as a mail of plain text and HTML, handed over to one SMTP server."""

from dispatch.channels.email.channel import EmailChannel
from dispatch.channels.email.server import SmtpServer, smtp_server

__all__ = ["EmailChannel", "SmtpServer", "smtp_server"]
