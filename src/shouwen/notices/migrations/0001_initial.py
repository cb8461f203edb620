import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shouwen.kernel.schema import Tables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('org', '__first__'),
    ]

    operations = [Tables([
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('community_id', models.BigIntegerField(null=True, verbose_name='小区编号')),
                ('kind', models.CharField(choices=[('email', '电子邮件'), ('wecom', '企业微信群'), ('dingtalk', '钉钉群'), ('feishu', '飞书群')], max_length=10, verbose_name='种类')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('address_sealed', models.BinaryField(verbose_name='地址密文')),
                ('whys', models.JSONField(default=list, verbose_name='接收的缘由')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='个人渠道的员工')),
            ],
            options={
                'verbose_name': '通知渠道',
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True, verbose_name='唯一键')),
                ('community_id', models.BigIntegerField(null=True, verbose_name='小区编号')),
                ('party', models.CharField(blank=True, max_length=60, verbose_name='外部收件人')),
                ('why', models.CharField(max_length=20, verbose_name='缘由')),
                ('title', models.CharField(max_length=200, verbose_name='标题')),
                ('body', models.TextField(blank=True, verbose_name='内容')),
                ('about', models.CharField(blank=True, max_length=80, verbose_name='相关')),
                ('subject', models.CharField(blank=True, max_length=120, verbose_name='事项')),
                ('url', models.CharField(blank=True, max_length=200, verbose_name='链接')),
                ('urgent', models.BooleanField(default=False, verbose_name='紧急')),
                ('due_at', models.DateTimeField(null=True, verbose_name='须办时间')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('read_at', models.DateTimeField(null=True, verbose_name='已读时间')),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='收件人')),
            ],
            options={
                'verbose_name': '通知',
                'indexes': [models.Index(fields=['user', '-id'], name='notice_inbox'), models.Index(fields=['user', 'subject', '-id'], name='notice_thread'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['user'], name='notice_unread'), models.Index(fields=['about'], name='notice_about')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(default='pending', max_length=10, verbose_name='状态')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='次数')),
                ('next_at', models.DateTimeField(null=True, verbose_name='下次时间')),
                ('lease_until', models.DateTimeField(null=True, verbose_name='占用至')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='错误')),
                ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='notices.channel', verbose_name='渠道')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notices.notice', verbose_name='通知')),
            ],
            options={
                'verbose_name': '投递',
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='delivery_due')],
                'constraints': [models.UniqueConstraint(fields=('notice', 'channel'), name='delivery_once')],
            },
        ),
        migrations.CreateModel(
            name='Quiet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts', models.TimeField(verbose_name='开始')),
                ('ends', models.TimeField(verbose_name='结束')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='quiet', to=settings.AUTH_USER_MODEL, verbose_name='员工')),
            ],
            options={
                'verbose_name': '免打扰时段',
            },
        ),
    ])]
