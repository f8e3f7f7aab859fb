"""The inbox in Django's admin: announcements and API tokens can be created; messages, mailboxes, receipts,
sends and deleted users can be viewed.

All installed event types are registered, also those of other apps. An app that has its own page for a type must
unregister it first: `admin.site.unregister(InvoiceMessage)`.
"""

from django.contrib import admin

from ..models import Broadcast, BroadcastReceipt, DeletedUser, Mailbox, Send, ServiceToken, event_types
from .broadcasts import BroadcastAdmin
from .deleted import DeletedUserAdmin
from .rows import MailboxAdmin, MessageAdmin, ReceiptAdmin
from .sends import SendAdmin
from .tokens import ServiceTokenAdmin

admin.site.register(Broadcast, BroadcastAdmin)
admin.site.register(Mailbox, MailboxAdmin)
admin.site.register(BroadcastReceipt, ReceiptAdmin)
admin.site.register(DeletedUser, DeletedUserAdmin)
admin.site.register(Send, SendAdmin)
admin.site.register(ServiceToken, ServiceTokenAdmin)
admin.site.register([model for model in event_types().values() if not admin.site.is_registered(model)], MessageAdmin)
