
import django.db.models.deletion
import django.utils.timezone
import inbox.validators
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('abroad', '0001_people'),
        ('inbox', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PinnedMessage',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('inbox.commentmessage',),
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ParcelMessage',
            fields=[
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read at')),
                ('archived_at', models.DateTimeField(blank=True, null=True, verbose_name='archived at')),
                ('deleted_at', models.DateTimeField(blank=True, null=True, verbose_name='deleted at')),
                ('seq', models.BigIntegerField(editable=False, verbose_name='sequence number')),
                ('url', models.CharField(blank=True, max_length=500, validators=[inbox.validators.validate_link], verbose_name='link')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created at')),
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('content', models.CharField(max_length=100)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='actor')),
                ('recipient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recipient')),
            ],
            options={
                'ordering': ('-seq',),
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('deleted_at', None), ('read_at', None)), fields=['recipient', 'seq'], name='parcelmessage_unread'), models.Index(condition=models.Q(('deleted_at', None), _negated=True), fields=['deleted_at'], name='parcelmessage_bin')],
                'constraints': [models.UniqueConstraint(fields=('recipient', 'seq'), name='abroad_parcelmessage_one_per_seq'), models.CheckConstraint(condition=models.Q(('archived_at', None), ('read_at__isnull', False), _connector='OR'), name='abroad_parcelmessage_archived_is_read')],
            },
        ),
        migrations.CreateModel(
            name='ReplyMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read at')),
                ('archived_at', models.DateTimeField(blank=True, null=True, verbose_name='archived at')),
                ('deleted_at', models.DateTimeField(blank=True, null=True, verbose_name='deleted at')),
                ('seq', models.BigIntegerField(editable=False, verbose_name='sequence number')),
                ('url', models.CharField(blank=True, max_length=500, validators=[inbox.validators.validate_link], verbose_name='link')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created at')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='actor')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='abroad.post')),
                ('recipient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recipient')),
                ('to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='abroad.replymessage')),
            ],
            options={
                'ordering': ('-seq',),
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('deleted_at', None), ('read_at', None)), fields=['recipient', 'seq'], name='replymessage_unread'), models.Index(condition=models.Q(('deleted_at', None), _negated=True), fields=['deleted_at'], name='replymessage_bin')],
                'constraints': [models.UniqueConstraint(fields=('recipient', 'seq'), name='abroad_replymessage_one_per_seq'), models.CheckConstraint(condition=models.Q(('archived_at', None), ('read_at__isnull', False), _connector='OR'), name='abroad_replymessage_archived_is_read')],
            },
        ),
    ]
