"""Webhooks: an alarm is posted, signed, to a receiver's own HTTP server."""

from dispatch.channels.webhook.channel import WebhookChannel
from dispatch.channels.webhook.signature import signature, tenant_secret, webhook_id

__all__ = ["WebhookChannel", "signature", "tenant_secret", "webhook_id"]
