import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shouwen.kernel.schema import Tables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
    ]

    operations = [Tables([
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=40, unique=True, verbose_name='用户名')),
                ('name', models.CharField(max_length=60, verbose_name='姓名')),
                ('initials', models.CharField(blank=True, max_length=30, verbose_name='拼音首字母')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='邮箱')),
                ('phone_sealed', models.BinaryField(blank=True, default=b'', verbose_name='手机密文')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                ('must_change_password', models.BooleanField(default=False, verbose_name='须改密码')),
                ('totp_sealed', models.BinaryField(blank=True, default=b'', verbose_name='动态口令密钥')),
                ('totp_last', models.BigIntegerField(default=0, verbose_name='已用口令时段')),
                ('epoch', models.PositiveIntegerField(default=1, verbose_name='会话代次')),
            ],
            options={
                'verbose_name': '员工',
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True, verbose_name='代号')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('rank', models.PositiveSmallIntegerField(default=10, verbose_name='级别')),
                ('superior', models.CharField(blank=True, max_length=40, verbose_name='上级岗位')),
                ('department', models.CharField(blank=True, max_length=40, verbose_name='部门代号')),
                ('permissions', models.JSONField(default=list, verbose_name='权限')),
            ],
            options={
                'verbose_name': '岗位',
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='摘要')),
                ('name', models.CharField(max_length=60, verbose_name='用途')),
                ('scope', models.JSONField(default=list, verbose_name='权限范围')),
                ('per_minute', models.PositiveIntegerField(default=120, verbose_name='每分钟次数')),
                ('created_at', models.DateTimeField(verbose_name='创建时间')),
                ('expires_at', models.DateTimeField(verbose_name='到期时间')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='吊销时间')),
                ('epoch', models.PositiveIntegerField(verbose_name='会话代次')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='员工')),
            ],
            options={
                'verbose_name': '接口令牌',
            },
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='开始时间')),
                ('ends_at', models.DateTimeField(verbose_name='结束时间')),
                ('reason', models.CharField(max_length=200, verbose_name='事由')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='提前结束时间')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stands_in', to=settings.AUTH_USER_MODEL, verbose_name='代理人')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to=settings.AUTH_USER_MODEL, verbose_name='请假人')),
            ],
            options={
                'verbose_name': '请假与代理',
            },
        ),
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, verbose_name='代号')),
                ('title', models.CharField(max_length=60, verbose_name='名称')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '部门',
                'constraints': [models.UniqueConstraint(fields=('community', 'slug'), name='department_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('heads', models.BooleanField(default=False, verbose_name='部门负责人')),
                ('starts_on', models.DateField(verbose_name='开始日期')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='结束日期')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to=settings.AUTH_USER_MODEL, verbose_name='员工')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='org.department', verbose_name='部门')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='org.post', verbose_name='岗位')),
            ],
            options={
                'verbose_name': '任职',
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='摘要')),
                ('epoch', models.PositiveIntegerField(verbose_name='会话代次')),
                ('started_at', models.DateTimeField(verbose_name='登录时间')),
                ('seen_at', models.DateTimeField(verbose_name='最近活动')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='退出时间')),
                ('agent', models.CharField(blank=True, max_length=200, verbose_name='设备')),
                ('address', models.CharField(blank=True, max_length=60, verbose_name='来源地址')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='员工')),
            ],
            options={
                'verbose_name': '登录会话',
            },
        ),
        migrations.CreateModel(
            name='Skill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=40, verbose_name='名称')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
            ],
            options={
                'verbose_name': '技能',
                'constraints': [models.UniqueConstraint(fields=('community', 'title'), name='skill_once')],
            },
        ),
        migrations.CreateModel(
            name='SkillWanted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('work', models.CharField(max_length=60, verbose_name='工作')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('skill', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='org.skill', verbose_name='技能')),
            ],
            options={
                'verbose_name': '所需技能',
                'constraints': [models.UniqueConstraint(fields=('community', 'work', 'skill'), name='skill_wanted_once')],
            },
        ),
        migrations.CreateModel(
            name='StaffSkill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('skill', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holders', to='org.skill', verbose_name='技能')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='skills', to=settings.AUTH_USER_MODEL, verbose_name='员工')),
            ],
            options={
                'verbose_name': '员工技能',
                'constraints': [models.UniqueConstraint(fields=('user', 'skill'), name='staff_skill_once')],
            },
        ),
        migrations.CreateModel(
            name='TitleMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=60, verbose_name='文件中的称谓')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='estate.community', verbose_name='小区')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='org.post', verbose_name='岗位')),
            ],
            options={
                'verbose_name': '称谓对照',
                'constraints': [models.UniqueConstraint(fields=('community', 'title'), name='title_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Training',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(choices=[('communication', '沟通与服务礼仪'), ('technical', '专业技术'), ('safety', '安全与应急'), ('procedure', '规程与制度'), ('other', '其他')], max_length=20, verbose_name='类别')),
                ('title', models.CharField(max_length=100, verbose_name='内容')),
                ('held_on', models.DateField(verbose_name='日期')),
                ('hours', models.DecimalField(blank=True, decimal_places=1, max_digits=5, null=True, verbose_name='课时')),
                ('outcome', models.CharField(blank=True, max_length=100, verbose_name='考核结果')),
                ('by_name', models.CharField(max_length=60, verbose_name='登记人')),
                ('recorded_at', models.DateTimeField(verbose_name='登记时间')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trainings', to=settings.AUTH_USER_MODEL, verbose_name='员工')),
            ],
            options={
                'verbose_name': '培训记录',
                'indexes': [models.Index(fields=['user', '-held_on'], name='training_person')],
            },
        ),
    ])]
