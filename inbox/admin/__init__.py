"""The inbox in Django's admin: announcements and API tokens can be created; messages, mailboxes, receipts,
sends and deleted users can be viewed.

All installed event types are registered, also those of other apps. An app that has its own page for a type must
unregister it first: `admin.site.unregister(InvoiceMessage)`. The types that ship are registered as their proxies in
`inbox.internals`, if that is installed.
"""

from django.contrib import admin

from ..models import (
    AudienceFilter,
    Broadcast,
    BroadcastReceipt,
    BroadcastSeries,
    Correction,
    DeletedUser,
    Following,
    Mailbox,
    Send,
    Service,
    ServiceToken,
    Silence,
    event_types,
)
from ..models.broadcasts.filters import offered_conditions
from .base import listed
from .broadcasts import BroadcastAdmin
from .deleted import DeletedUserAdmin
from .filters import FilterAdmin
from .rows import FollowingAdmin, MailboxAdmin, MessageAdmin, ReceiptAdmin, SilenceAdmin
from .sends import CorrectionAdmin, SendAdmin
from .series.page import SeriesAdmin
from .tokens import ServiceAdmin, ServiceTokenAdmin

admin.site.register(Broadcast, BroadcastAdmin)
admin.site.register(BroadcastSeries, SeriesAdmin)
if offered_conditions():
    admin.site.register(AudienceFilter, FilterAdmin)
admin.site.register(Send, SendAdmin)
admin.site.register(listed(Correction), CorrectionAdmin)
admin.site.register(Service, ServiceAdmin)
admin.site.register(ServiceToken, ServiceTokenAdmin)
admin.site.register(listed(Mailbox), MailboxAdmin)
admin.site.register(listed(BroadcastReceipt), ReceiptAdmin)
admin.site.register(listed(DeletedUser), DeletedUserAdmin)
admin.site.register(listed(Following), FollowingAdmin)
admin.site.register(listed(Silence), SilenceAdmin)
types = [listed(model) for model in event_types().values() if not admin.site.is_registered(model)]
admin.site.register([model for model in types if not admin.site.is_registered(model)], MessageAdmin)
