from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0029_prepared_occurrences'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='broadcast',
            index=models.Index(fields=['-first_published_at', '-first_clock'], name='inbox_broadcast_first'),
        ),
    ]
