import django.db.models.deletion
from django.db import migrations, models

from shouwen.kernel.schema import Tables

import shouwen.estate.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [Tables([
        migrations.CreateModel(
            name='Community',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True, verbose_name='代号')),
                ('name', models.CharField(max_length=60, verbose_name='名称')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                ('phone', models.CharField(blank=True, max_length=30, verbose_name='服务电话')),
                ('people_version', models.PositiveIntegerField(default=1, verbose_name='人员版本')),
            ],
            options={
                'verbose_name': '小区',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Building',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, verbose_name='栋号')),
                ('name', models.CharField(max_length=60, verbose_name='名称')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '楼栋',
                'constraints': [models.UniqueConstraint(fields=('community', 'code'), name='building_once')],
            },
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('filename', models.CharField(max_length=120, verbose_name='文件名')),
                ('sealed', models.BinaryField(blank=True, default=b'', verbose_name='密文')),
                ('rows', models.PositiveIntegerField(verbose_name='行数')),
                ('counts', models.JSONField(default=dict, verbose_name='汇总')),
                ('problems', models.JSONField(default=list, verbose_name='问题')),
                ('planned_by_id', models.BigIntegerField(null=True, verbose_name='上传人编号')),
                ('planned_by', models.CharField(max_length=60, verbose_name='上传人')),
                ('planned_at', models.DateTimeField(verbose_name='上传时间')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='导入时间')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '批量导入',
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='姓名')),
                ('initials', models.CharField(blank=True, max_length=30, verbose_name='拼音首字母')),
                ('phone_tail', models.CharField(blank=True, max_length=4, verbose_name='手机尾号')),
                ('phone_masked', models.CharField(blank=True, max_length=40, verbose_name='手机')),
                ('id_masked', models.CharField(blank=True, max_length=40, verbose_name='证件号码')),
                ('care', models.CharField(blank=True, max_length=200, verbose_name='特别关照')),
                ('speciality', models.CharField(blank=True, max_length=60, verbose_name='特长')),
                ('hobby', models.CharField(blank=True, max_length=60, verbose_name='爱好')),
                ('occupation', models.CharField(blank=True, max_length=60, verbose_name='职业')),
                ('employer', models.CharField(blank=True, max_length=60, verbose_name='工作单位')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='注销时间')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '住户',
            },
        ),
        migrations.CreateModel(
            name='PersonPrivate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.BinaryField(verbose_name='密文')),
                ('phone_digest', models.CharField(blank=True, max_length=64, verbose_name='手机摘要')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='private', to='estate.person', verbose_name='住户')),
            ],
            options={
                'verbose_name': '住户隐私资料',
                'indexes': [models.Index(condition=models.Q(('phone_digest', ''), _negated=True), fields=['phone_digest'], name='phone_digest')],
            },
        ),
        migrations.CreateModel(
            name='Reveal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('about', models.CharField(blank=True, max_length=80, verbose_name='相关')),
                ('title', models.CharField(blank=True, max_length=120, verbose_name='内容')),
                ('field', models.CharField(choices=[('phone', '手机号码'), ('id_number', '证件号码')], max_length=60, verbose_name='项目')),
                ('reason', models.CharField(max_length=200, verbose_name='理由')),
                ('asked_by_id', models.BigIntegerField(verbose_name='申请人编号')),
                ('asked_by', models.CharField(max_length=60, verbose_name='申请人')),
                ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                ('state', models.CharField(choices=[('asked', '待批准'), ('open', '已批准'), ('denied', '已拒绝'), ('shown', '已查看')], default='asked', max_length=10, verbose_name='状态')),
                ('decided_by_id', models.BigIntegerField(null=True, verbose_name='批准人编号')),
                ('decided_by', models.CharField(blank=True, max_length=60, verbose_name='批准人')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='批准时间')),
                ('shown_at', models.DateTimeField(null=True, verbose_name='查看时间')),
                ('shows_until', models.DateTimeField(null=True, verbose_name='显示至')),
                ('community', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.person', verbose_name='住户')),
            ],
            options={
                'verbose_name': '隐私查看申请',
                'indexes': [models.Index(fields=['community', 'state', '-id'], name='reveal_waiting'), models.Index(fields=['asked_by_id', '-asked_at'], name='reveal_by')],
            },
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', shouwen.estate.models.PrefixField(max_length=40, verbose_name='房号')),
                ('order', shouwen.estate.models.PrefixField(blank=True, max_length=80, verbose_name='排序')),
                ('entrance', models.CharField(blank=True, max_length=20, verbose_name='单元')),
                ('room', models.CharField(max_length=20, verbose_name='室号')),
                ('floor', models.SmallIntegerField(blank=True, null=True, verbose_name='楼层')),
                ('kind', models.CharField(choices=[('home', '住宅'), ('shop', '商铺'), ('office', '办公'), ('parking', '车位'), ('other', '其他')], default='home', max_length=10, verbose_name='用途')),
                ('state', models.CharField(choices=[('occupied', '入住'), ('vacant', '空置'), ('renovating', '装修'), ('undelivered', '未交付')], default='occupied', max_length=12, verbose_name='状态')),
                ('area', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True, verbose_name='建筑面积')),
                ('delivered_on', models.DateField(blank=True, null=True, verbose_name='交付日期')),
                ('structure', models.CharField(blank=True, max_length=40, verbose_name='房屋结构')),
                ('condition', models.CharField(blank=True, max_length=200, verbose_name='质量状况')),
                ('building', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.building', verbose_name='楼栋')),
                ('community', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '房屋',
                'indexes': [models.Index(fields=['community', 'order'], name='unit_in_order')],
                'constraints': [models.UniqueConstraint(fields=('community', 'code'), name='unit_once')],
            },
        ),
        migrations.CreateModel(
            name='Occupancy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('owner', '业主'), ('tenant', '租户'), ('family', '家属'), ('agent', '代理人')], max_length=10, verbose_name='身份')),
                ('relation', models.CharField(blank=True, max_length=20, verbose_name='与户主关系')),
                ('rent', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='月租金')),
                ('starts_on', models.DateField(verbose_name='开始日期')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='结束日期')),
                ('community', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='occupancies', to='estate.person', verbose_name='住户')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='occupancies', to='estate.unit', verbose_name='房屋')),
            ],
            options={
                'verbose_name': '居住关系',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('unit', 'person', 'kind'), name='occupancy_open_once'), models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='occupancy_ends_after')],
            },
        ),
        migrations.CreateModel(
            name='Vehicle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plate', shouwen.estate.models.PrefixField(max_length=12, verbose_name='车牌')),
                ('community', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.person', verbose_name='车主')),
                ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.unit', verbose_name='房屋')),
            ],
            options={
                'verbose_name': '车辆',
                'constraints': [models.UniqueConstraint(fields=('community', 'plate'), name='vehicle_once')],
            },
        ),
        migrations.CreateModel(
            name='SearchTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('term', shouwen.estate.models.PrefixField(max_length=60, verbose_name='检索词')),
                ('kind', models.CharField(choices=[('room', '房号'), ('number', '室号'), ('initials', '拼音首字母'), ('name', '姓名'), ('phone', '手机尾号'), ('plate', '车牌')], max_length=10, verbose_name='类别')),
                ('community', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('person', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='estate.person', verbose_name='住户')),
                ('unit', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='estate.unit', verbose_name='房屋')),
                ('vehicle', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='estate.vehicle', verbose_name='车辆')),
            ],
            options={
                'verbose_name': '检索词',
                'indexes': [models.Index(fields=['community', 'kind', 'term'], name='term_here'), models.Index(fields=['kind', 'term'], name='term_everywhere'), models.Index(condition=models.Q(('unit__isnull', False)), fields=['unit'], name='term_unit'), models.Index(condition=models.Q(('person__isnull', False)), fields=['person'], name='term_person'), models.Index(condition=models.Q(('vehicle__isnull', False)), fields=['vehicle'], name='term_vehicle')],
            },
        ),
    ])]
