import django.db.models.deletion
from django.db import migrations, models

from shouwen.kernel.schema import Tables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
    ]

    operations = [Tables([
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('kind', models.CharField(choices=[('patrol', '治安巡更'), ('building', '楼宇巡查'), ('fire', '防火巡查'), ('equipment', '设备设施巡视'), ('signs', '标识检查'), ('vacant', '空置房巡查'), ('cleaning', '环境巡查'), ('report', '岗位报告')], max_length=10, verbose_name='类别')),
                ('post', models.CharField(max_length=40, verbose_name='岗位代号')),
                ('rhythm', models.CharField(choices=[('every', '每隔若干分钟'), ('daily', '每天定时'), ('weekly', '每周'), ('monthly', '每月'), ('after', '上次完成后若干天')], max_length=10, verbose_name='周期')),
                ('minutes', models.PositiveSmallIntegerField(default=0, verbose_name='间隔分钟')),
                ('starts', models.TimeField(blank=True, null=True, verbose_name='从')),
                ('ends', models.TimeField(blank=True, null=True, verbose_name='到')),
                ('times', models.CharField(blank=True, max_length=120, verbose_name='钟点')),
                ('weekdays', models.CharField(default='1234567', max_length=7, verbose_name='星期')),
                ('monthday', models.PositiveSmallIntegerField(default=1, verbose_name='每月几日')),
                ('after_days', models.PositiveSmallIntegerField(default=0, verbose_name='间隔天数')),
                ('days', models.CharField(choices=[('all', '每天'), ('workdays', '仅工作日（含调休上班）'), ('holidays', '仅休息日（含调休放假）')], default='all', max_length=10, verbose_name='日子')),
                ('lasts', models.PositiveIntegerField(default=30, verbose_name='须在几分钟内完成')),
                ('grace', models.PositiveSmallIntegerField(default=5, verbose_name='宽限分钟')),
                ('tells', models.CharField(blank=True, max_length=40, verbose_name='漏巡另报岗位')),
                ('basis', models.CharField(blank=True, max_length=80, verbose_name='依据')),
                ('since', models.DateTimeField(verbose_name='起用时间')),
                ('next_at', models.DateTimeField(null=True, verbose_name='下次')),
                ('lease_until', models.DateTimeField(null=True, verbose_name='占用至')),
                ('off_at', models.DateTimeField(blank=True, null=True, verbose_name='停用时间')),
                ('off_by', models.CharField(blank=True, max_length=60, verbose_name='停用人')),
                ('off_reason', models.CharField(blank=True, max_length=200, verbose_name='停用原因')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('route', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='rounds.route', verbose_name='路线')),
            ],
            options={
                'verbose_name': '巡查计划',
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='plan_due')],
                'constraints': [models.UniqueConstraint(fields=('community', 'title'), name='plan_once')],
            },
        ),
        migrations.CreateModel(
            name='Point',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, verbose_name='点位编号')),
                ('key', models.CharField(max_length=24, unique=True, verbose_name='点位码')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('place', models.CharField(blank=True, max_length=120, verbose_name='位置')),
                ('scope', models.CharField(choices=[('public', '公共部位'), ('leaders', '领导办公处'), ('finance', '财务及金融类办公室'), ('power', '配电室'), ('hidden', '围墙边、阴暗角落'), ('fire', '消防器材'), ('sign', '标识'), ('vacant', '空置房'), ('equipment', '设备设施'), ('post', '岗位')], default='public', max_length=10, verbose_name='范围')),
                ('tag', models.CharField(blank=True, max_length=40, verbose_name='NFC 标签号')),
                ('made_at', models.DateTimeField(verbose_name='登记时间')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='停用时间')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.unit', verbose_name='房屋')),
            ],
            options={
                'verbose_name': '点位',
                'constraints': [models.UniqueConstraint(fields=('community', 'number'), name='point_once')],
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=80, verbose_name='检查项')),
                ('kind', models.CharField(choices=[('pass', '正常 / 异常'), ('number', '读数（有上下限）'), ('meter', '抄表（只增不减）'), ('photo', '拍照'), ('note', '文字')], default='pass', max_length=10, verbose_name='种类')),
                ('unit', models.CharField(blank=True, max_length=10, verbose_name='单位')),
                ('least', models.DecimalField(blank=True, decimal_places=3, max_digits=14, null=True, verbose_name='下限')),
                ('most', models.DecimalField(blank=True, decimal_places=3, max_digits=14, null=True, verbose_name='上限')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='rounds.plan', verbose_name='巡查计划')),
                ('point', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='rounds.point', verbose_name='点位')),
            ],
            options={
                'verbose_name': '检查项',
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('plan__isnull', False), ('point__isnull', True)), models.Q(('plan__isnull', True), ('point__isnull', False)), _connector='OR'), name='check_of_one')],
            },
        ),
        migrations.CreateModel(
            name='Route',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('ordered', models.BooleanField(default=False, verbose_name='须按次序')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='停用时间')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '路线',
                'constraints': [models.UniqueConstraint(fields=('community', 'title'), name='route_once')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('post', models.CharField(max_length=40, verbose_name='岗位代号')),
                ('due_at', models.DateTimeField(verbose_name='应巡时间')),
                ('ends_at', models.DateTimeField(verbose_name='应完成时间')),
                ('close_at', models.DateTimeField(null=True, verbose_name='关闭时间')),
                ('lease_until', models.DateTimeField(null=True, verbose_name='占用至')),
                ('state', models.CharField(choices=[('open', '待巡'), ('done', '已完成'), ('partial', '有漏点'), ('missed', '漏巡'), ('excused', '中断（有记录）')], default='open', max_length=10, verbose_name='状态')),
                ('points', models.JSONField(default=list, verbose_name='应巡点位')),
                ('seen', models.PositiveSmallIntegerField(default=0, verbose_name='已巡点数')),
                ('missed', models.JSONField(default=list, verbose_name='漏巡点位')),
                ('faults', models.PositiveSmallIntegerField(default=0, verbose_name='异常数')),
                ('began_at', models.DateTimeField(null=True, verbose_name='开始时间')),
                ('done_at', models.DateTimeField(null=True, verbose_name='完成时间')),
                ('by_name', models.CharField(blank=True, max_length=60, verbose_name='巡查人')),
                ('late', models.BooleanField(default=False, verbose_name='迟')),
                ('caught_up', models.BooleanField(default=False, verbose_name='补生成')),
                ('excuse', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('community', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('plan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='rounds.plan', verbose_name='巡查计划')),
            ],
            options={
                'verbose_name': '巡查',
                'indexes': [models.Index(condition=models.Q(('close_at__isnull', False)), fields=['close_at'], name='run_closing'), models.Index(fields=['community', 'due_at', 'id'], name='run_day'), models.Index(condition=models.Q(('state', 'open')), fields=['community', 'post'], name='run_open'), models.Index(condition=models.Q(('state__in', ['partial', 'missed'])), fields=['community', '-due_at', '-id'], name='run_missing')],
                'constraints': [models.UniqueConstraint(fields=('plan', 'due_at'), name='run_once')],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('again', models.BooleanField(default=False, verbose_name='重复')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('device_at', models.DateTimeField(null=True, verbose_name='手机时间')),
                ('received_at', models.DateTimeField(verbose_name='送达时间')),
                ('by_id', models.BigIntegerField(verbose_name='巡查人编号')),
                ('by_name', models.CharField(max_length=60, verbose_name='巡查人')),
                ('evidence', models.CharField(choices=[('scan', '扫码'), ('nfc', 'NFC 感应'), ('photo', '照片'), ('hand', '手工')], max_length=10, verbose_name='凭据')),
                ('doubt', models.CharField(blank=True, max_length=200, verbose_name='存疑')),
                ('good', models.BooleanField(verbose_name='正常')),
                ('answers', models.JSONField(default=list, verbose_name='结果')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='说明')),
                ('photos', models.JSONField(default=list, verbose_name='照片')),
                ('spot', models.CharField(blank=True, max_length=60, verbose_name='位置')),
                ('ticket_id', models.BigIntegerField(null=True, verbose_name='工单编号')),
                ('ticket_number', models.CharField(blank=True, max_length=40, verbose_name='工单号')),
                ('key', models.CharField(max_length=80, unique=True, verbose_name='唯一键')),
                ('community', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('point', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='rounds.point', verbose_name='点位')),
                ('run', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='rounds.run', verbose_name='巡查')),
            ],
            options={
                'verbose_name': '巡查记录',
                'indexes': [models.Index(condition=models.Q(('run__isnull', False)), fields=['run', 'id'], name='round_reading_run'), models.Index(condition=models.Q(('point__isnull', False)), fields=['point', '-at'], name='round_reading_point'), models.Index(fields=['community', '-at', '-id'], name='round_reading_register')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('again', False), ('point__isnull', False)), fields=('run', 'point'), name='round_reading_once'), models.UniqueConstraint(condition=models.Q(('again', False), ('point__isnull', True)), fields=('run',), name='round_report_once')],
            },
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='次序')),
                ('point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stops', to='rounds.point', verbose_name='点位')),
                ('route', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stops', to='rounds.route', verbose_name='路线')),
            ],
            options={
                'verbose_name': '路线点位',
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('route', 'point'), name='stop_once')],
            },
        ),
        migrations.CreateModel(
            name='Halt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('post', models.CharField(max_length=40, verbose_name='岗位代号')),
                ('reason', models.CharField(max_length=200, verbose_name='原因')),
                ('by_id', models.BigIntegerField(verbose_name='登记人编号')),
                ('by_name', models.CharField(max_length=60, verbose_name='登记人')),
                ('starts_at', models.DateTimeField(verbose_name='开始')),
                ('ends_at', models.DateTimeField(null=True, verbose_name='恢复')),
                ('ended_by', models.CharField(blank=True, max_length=60, verbose_name='恢复登记人')),
                ('outcome', models.CharField(blank=True, max_length=200, verbose_name='结果')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '巡查中断',
                'indexes': [models.Index(fields=['community', 'post', '-starts_at'], name='halt_register')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends_at__isnull', True)), fields=('community', 'post'), name='halt_once')],
            },
        ),
    ])]
