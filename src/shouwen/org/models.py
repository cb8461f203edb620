"""People who work here: accounts, departments, posts, assignments, leave; sessions and tokens."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from shouwen.estate.models import Community


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=(username or "").strip().lower())


class User(AbstractBaseUser):
    """员工账号. One user may hold several posts; what they may do follows from the assignments."""

    username = models.CharField("用户名", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=60)
    initials = models.CharField("拼音首字母", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)
    phone_sealed = models.BinaryField("手机密文", blank=True, default=b"")
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("须改密码", default=False)
    totp_sealed = models.BinaryField("动态口令密钥", blank=True, default=b"")
    totp_last = models.BigIntegerField("已用口令时段", default=0)
    epoch = models.PositiveIntegerField("会话代次", default=1)
    """Rises when the password changes or the account is stopped: every older session and token is dead at once."""

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        verbose_name = "员工"

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """部门; `community` null = head office."""

    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    slug = models.SlugField("代号", max_length=40)
    title = models.CharField("名称", max_length=60)

    class Meta:
        verbose_name = "部门"
        constraints = [
            models.UniqueConstraint(fields=["community", "slug"], name="department_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.title


class Post(models.Model):
    """岗位, the same over all communities. `rank` rises upwards; 「X 级以上」 compares ranks."""

    slug = models.SlugField("代号", max_length=40, unique=True)
    title = models.CharField("名称", max_length=60)
    rank = models.PositiveSmallIntegerField("级别", default=10)
    superior = models.CharField("上级岗位", max_length=40, blank=True)
    department = models.CharField("部门代号", max_length=40, blank=True)
    permissions = models.JSONField("权限", default=list)

    class Meta:
        verbose_name = "岗位"

    def __str__(self) -> str:
        return self.title


class Assignment(models.Model):
    """任职: this person holds this post, in one community or (null) at head office over all of them."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="员工", related_name="assignments")
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="岗位")
    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name="部门")
    heads = models.BooleanField("部门负责人", default=False)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        verbose_name = "任职"


class TitleMap(models.Model):
    """A title as an SOP writes it and the post that it means here; `community` null = everywhere."""

    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    title = models.CharField("文件中的称谓", max_length=60)
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="岗位")

    class Meta:
        verbose_name = "称谓对照"
        constraints = [
            models.UniqueConstraint(fields=["community", "title"], name="title_once", nulls_distinct=False),
        ]


class Delegation(models.Model):
    """代理: while A is away, B acts for A."""

    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="请假人", related_name="delegations")
    to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, verbose_name="代理人", related_name="stands_in")
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    reason = models.CharField("事由", max_length=200)
    ended_at = models.DateTimeField("提前结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "请假与代理"


class Skill(models.Model):
    """技能, from a community's own short list: 电工, 水暖, 急救…"""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    title = models.CharField("名称", max_length=40)

    class Meta:
        verbose_name = "技能"
        constraints = [models.UniqueConstraint(fields=["community", "title"], name="skill_once")]

    def __str__(self) -> str:
        return self.title


class StaffSkill(models.Model):
    """What somebody is able to do."""

    user = models.ForeignKey(User, models.CASCADE, related_name="skills", verbose_name="员工")
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="holders", verbose_name="技能")

    class Meta:
        verbose_name = "员工技能"
        constraints = [models.UniqueConstraint(fields=["user", "skill"], name="staff_skill_once")]


class SkillWanted(models.Model):
    """Work of this kind (the slug of a procedure) is for people with this skill: giving it to others warns, never forbids."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    work = models.CharField("工作", max_length=60)
    skill = models.ForeignKey(Skill, models.CASCADE, verbose_name="技能")

    class Meta:
        verbose_name = "所需技能"
        constraints = [models.UniqueConstraint(fields=["community", "work", "skill"], name="skill_wanted_once")]


class Training(models.Model):
    """培训记录: somebody was trained in something on a day."""

    class Topic(models.TextChoices):
        COMMUNICATION = "communication", "沟通与服务礼仪"
        TECHNICAL = "technical", "专业技术"
        SAFETY = "safety", "安全与应急"
        PROCEDURE = "procedure", "规程与制度"
        OTHER = "other", "其他"

    user = models.ForeignKey(User, models.CASCADE, related_name="trainings", verbose_name="员工")
    topic = models.CharField("类别", max_length=20, choices=Topic.choices)
    title = models.CharField("内容", max_length=100)
    held_on = models.DateField("日期")
    hours = models.DecimalField("课时", max_digits=5, decimal_places=1, null=True, blank=True)
    outcome = models.CharField("考核结果", max_length=100, blank=True)
    by_name = models.CharField("登记人", max_length=60)
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "培训记录"
        indexes = [models.Index(fields=["user", "-held_on"], name="training_person")]


class Session(models.Model):
    """A login: the cookie carries the key, the database its digest. Ended sessions are dead at once."""

    digest = models.CharField("摘要", max_length=64, unique=True)
    user = models.ForeignKey(User, models.CASCADE, verbose_name="员工")
    epoch = models.PositiveIntegerField("会话代次")
    started_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近活动")
    ended_at = models.DateTimeField("退出时间", null=True)
    agent = models.CharField("设备", max_length=200, blank=True)
    address = models.CharField("来源地址", max_length=60, blank=True)

    class Meta:
        verbose_name = "登录会话"


class ApiToken(models.Model):
    """接口令牌: narrowed to scopes, expiring, limited in rate. Only its digest is stored."""

    digest = models.CharField("摘要", max_length=64, unique=True)
    user = models.ForeignKey(User, models.CASCADE, verbose_name="员工")
    name = models.CharField("用途", max_length=60)
    scope = models.JSONField("权限范围", default=list)
    per_minute = models.PositiveIntegerField("每分钟次数", default=120)
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("到期时间")
    revoked_at = models.DateTimeField("吊销时间", null=True)
    epoch = models.PositiveIntegerField("会话代次")

    class Meta:
        verbose_name = "接口令牌"
