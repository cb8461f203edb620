import django.db.models.deletion
from django.db import migrations, models

from shouwen.kernel.schema import Tables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [Tables([
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('community_id', models.BigIntegerField(blank=True, null=True, verbose_name='小区编号')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='文号')),
                ('title', models.CharField(max_length=100, verbose_name='名称')),
                ('level', models.PositiveSmallIntegerField(choices=[(1, '一级文件'), (2, '二级文件'), (3, '三级文件')], verbose_name='级别')),
                ('state', models.CharField(choices=[('draft', '未发布'), ('issued', '有效'), ('withdrawn', '已废止')], default='draft', max_length=10, verbose_name='状态')),
                ('must_read', models.BooleanField(default=False, verbose_name='须签阅')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='废止时间')),
                ('withdraw_reason', models.CharField(blank=True, max_length=200, verbose_name='废止原因')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='papers.document', verbose_name='收在')),
            ],
            options={
                'verbose_name': '受控文件',
                'indexes': [models.Index(fields=['level', 'number'], name='document_level')],
            },
        ),
        migrations.CreateModel(
            name='DocumentEdition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('edition', models.CharField(max_length=20, verbose_name='版次')),
                ('author', models.CharField(blank=True, max_length=60, verbose_name='编订')),
                ('approver', models.CharField(blank=True, max_length=60, verbose_name='审批')),
                ('unit', models.CharField(blank=True, max_length=100, verbose_name='工作单位')),
                ('text', models.TextField(blank=True, verbose_name='正文')),
                ('file_name', models.CharField(blank=True, max_length=200, verbose_name='附件')),
                ('file_kind', models.CharField(blank=True, max_length=80, verbose_name='附件类型')),
                ('file_content', models.BinaryField(blank=True, default=b'', verbose_name='附件内容')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='摘要')),
                ('change', models.CharField(blank=True, max_length=200, verbose_name='修订说明')),
                ('drafted_at', models.DateTimeField(verbose_name='起草时间')),
                ('drafted_by', models.CharField(max_length=60, verbose_name='起草人')),
                ('issued_at', models.DateTimeField(null=True, verbose_name='发布时间')),
                ('issued_by', models.CharField(blank=True, max_length=60, verbose_name='发布人')),
                ('superseded_at', models.DateTimeField(null=True, verbose_name='作废时间')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='papers.document', verbose_name='文件')),
            ],
            options={
                'verbose_name': '文件版次',
                'constraints': [models.UniqueConstraint(fields=('document', 'edition'), name='document_edition_once')],
            },
        ),
        migrations.CreateModel(
            name='FormSetting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('community_id', models.BigIntegerField(verbose_name='小区编号')),
                ('form', models.CharField(max_length=60, verbose_name='单据名称')),
                ('layout', models.CharField(max_length=20, verbose_name='版式')),
            ],
            options={
                'verbose_name': '单据版式',
                'constraints': [models.UniqueConstraint(fields=('community_id', 'form'), name='form_setting_once')],
            },
        ),
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('community_id', models.BigIntegerField(verbose_name='小区编号')),
                ('form', models.CharField(max_length=60, verbose_name='单据名称')),
                ('number', models.CharField(blank=True, max_length=40, verbose_name='单据编号')),
                ('record', models.CharField(max_length=40, verbose_name='所属记录')),
                ('about', models.CharField(max_length=80, verbose_name='相关')),
                ('state', models.CharField(choices=[('asked', '待打印'), ('printed', '已打印'), ('out', '待回联'), ('back', '已回联'), ('void', '已作废')], default='asked', max_length=8, verbose_name='状态')),
                ('asked_at', models.DateTimeField(verbose_name='生成时间')),
                ('asked_by', models.CharField(max_length=60, verbose_name='生成人')),
                ('printed', models.PositiveSmallIntegerField(default=0, verbose_name='打印次数')),
                ('printed_at', models.DateTimeField(null=True, verbose_name='最近打印')),
                ('voided_at', models.DateTimeField(null=True, verbose_name='作废时间')),
                ('voided_by', models.CharField(blank=True, max_length=60, verbose_name='作废人')),
                ('void_reason', models.CharField(blank=True, max_length=200, verbose_name='作废原因')),
            ],
            options={
                'verbose_name': '单据',
                'indexes': [models.Index(fields=['about', 'id'], name='paper_about'), models.Index(fields=['community_id', '-id'], name='paper_register')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('about', 'form'), name='paper_waits_once'), models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('community_id', 'number'), name='paper_number_once')],
            },
        ),
        migrations.CreateModel(
            name='Copy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('community_id', models.BigIntegerField(verbose_name='小区编号')),
                ('seq', models.PositiveSmallIntegerField(verbose_name='联次')),
                ('name', models.CharField(max_length=20, verbose_name='联名')),
                ('holder', models.CharField(max_length=60, verbose_name='持有方')),
                ('holder_name', models.CharField(max_length=60, verbose_name='持有人')),
                ('fixed', models.BooleanField(default=False, verbose_name='不得转交')),
                ('returns', models.BooleanField(default=False, verbose_name='须交回')),
                ('due_at', models.DateTimeField(null=True, verbose_name='交回时限')),
                ('reminded_at', models.DateTimeField(null=True, verbose_name='催交时间')),
                ('returned_at', models.DateTimeField(null=True, verbose_name='交回时间')),
                ('returned_to', models.CharField(blank=True, max_length=60, verbose_name='收件人')),
                ('signed_by', models.CharField(blank=True, max_length=60, verbose_name='签字人')),
                ('signed_at', models.DateTimeField(null=True, verbose_name='签字时间')),
                ('photo', models.CharField(blank=True, max_length=40, verbose_name='签字件')),
                ('remark', models.CharField(blank=True, max_length=200, verbose_name='备注')),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='papers.paper', verbose_name='单据')),
            ],
            options={
                'verbose_name': '联',
                'indexes': [models.Index(condition=models.Q(('returned_at__isnull', True), ('returns', True)), fields=['community_id', 'due_at', 'id'], name='copy_out')],
                'constraints': [models.UniqueConstraint(fields=('paper', 'seq'), name='copy_once')],
            },
        ),
        migrations.CreateModel(
            name='Printing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField(verbose_name='次数')),
                ('at', models.DateTimeField(verbose_name='打印时间')),
                ('by_id', models.BigIntegerField(null=True, verbose_name='打印人编号')),
                ('by_name', models.CharField(max_length=60, verbose_name='打印人')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='重印原因')),
                ('layout', models.CharField(max_length=20, verbose_name='版式')),
                ('medium', models.CharField(max_length=10, verbose_name='方式')),
                ('digest', models.CharField(max_length=64, verbose_name='内容摘要')),
                ('content', models.TextField(verbose_name='内容')),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='printings', to='papers.paper', verbose_name='单据')),
            ],
            options={
                'verbose_name': '打印记录',
                'constraints': [models.UniqueConstraint(fields=('paper', 'turn'), name='printing_once')],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user_id', models.BigIntegerField(verbose_name='员工编号')),
                ('name', models.CharField(max_length=60, verbose_name='姓名')),
                ('at', models.DateTimeField(verbose_name='签阅时间')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='papers.documentedition', verbose_name='文件版次')),
            ],
            options={
                'verbose_name': '签阅',
                'constraints': [models.UniqueConstraint(fields=('edition', 'user_id'), name='reading_once')],
            },
        ),
        migrations.CreateModel(
            name='WordTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('community_id', models.BigIntegerField(verbose_name='小区编号')),
                ('form', models.CharField(max_length=60, verbose_name='单据名称')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('content', models.BinaryField(verbose_name='文件')),
                ('size', models.PositiveIntegerField(verbose_name='字节')),
                ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                ('placeholders', models.PositiveSmallIntegerField(default=0, verbose_name='占位符数')),
                ('in_use', models.BooleanField(default=False, verbose_name='使用中')),
                ('at', models.DateTimeField(verbose_name='上传时间')),
                ('by_name', models.CharField(max_length=60, verbose_name='上传人')),
            ],
            options={
                'verbose_name': 'Word 模板',
                'constraints': [models.UniqueConstraint(condition=models.Q(('in_use', True)), fields=('community_id', 'form'), name='template_in_use_once')],
            },
        ),
    ])]
