"""Who lives and works in the demo. All invented; docs/cast.md shows the same people and a test compares them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Staff(NamedTuple):
    username: str
    name: str
    post: str
    department: str
    heads: bool = False
    shift: str = ""


LIYUAN: Final = (
    Staff("li", "李静", "receptionist", "customer-service", shift="early"),
    Staff("he", "何敏", "receptionist", "customer-service", shift="late"),
    Staff("xu", "许倩", "receptionist", "customer-service", shift="night"),
    Staff("tang", "唐悦", "club-receptionist", "customer-service", shift="early"),
    Staff("sun", "孙晓燕", "steward", "customer-service", shift="early"),
    Staff("ma", "马丽", "steward", "customer-service", shift="late"),
    Staff("lin", "林芳", "cs-supervisor", "customer-service", True, "office"),
    Staff("zhang", "张伟", "duty-manager", "management", shift="early"),
    Staff("luo", "罗斌", "duty-manager", "management", shift="late"),
    Staff("gao", "高峰", "duty-manager", "management", shift="night"),
    Staff("chen", "陈晓", "service-manager", "management", shift="office"),
    Staff("zhao", "赵建国", "director", "management", True, "office"),
    Staff("wu", "吴刚", "engineering-head", "engineering", True, "office"),
    Staff("wang", "王强", "engineer", "engineering", shift="early"),
    Staff("feng", "冯涛", "engineer", "engineering", shift="late"),
    Staff("dong", "董亮", "engineer", "engineering", shift="night"),
    Staff("shi", "石磊", "security-head", "security", True, "office"),
    Staff("qian", "钱勇", "security-duty-lead", "security", shift="early"),
    Staff("peng", "彭飞", "security-duty-lead", "security", shift="late"),
    Staff("lei", "雷鸣", "security-duty-lead", "security", shift="night"),
    Staff("tian", "田野", "guard", "security", shift="early"),
    Staff("yuan", "袁航", "guard", "security", shift="late"),
    Staff("jin", "金龙", "guard", "security", shift="night"),
    Staff("gu", "顾明", "gate-guard", "security", shift="early"),
    Staff("hao", "郝军", "gate-guard", "security", shift="late"),
    Staff("kong", "孔祥", "gate-guard", "security", shift="night"),
    Staff("bai", "白雪", "control-room", "security", shift="early"),
    Staff("ding", "丁一凡", "control-room", "security", shift="late"),
    Staff("yin", "尹浩", "control-room", "security", shift="night"),
    Staff("cai", "蔡红", "cleaning-head", "cleaning", True, "office"),
    Staff("fang", "方桂兰", "cleaner", "cleaning", shift="early"),
    Staff("cao", "曹秀梅", "cleaner", "cleaning", shift="late"),
    Staff("ren", "任国强", "greening-head", "greening", True, "office"),
    Staff("shen", "沈大勇", "gardener", "greening", shift="early"),
    Staff("ye", "叶婷", "cashier", "finance", shift="office"),
    Staff("pan", "潘丽华", "finance-head", "finance", True, "office"),
    Staff("xie", "谢文", "clerk", "management", shift="office"),
    Staff("su", "苏琳", "complaint-supervisor", "customer-service", shift="office"),
    Staff("jiang", "蒋超", "operations-head", "operations", True, "office"),
    Staff("yu", "余波", "first-aider", "management", shift="early"),
    Staff("qin", "秦刚", "driver", "management", shift="early"),
)
HEAD_OFFICE: Final = (
    Staff("guo", "郭志远", "company-manager", "company"),
    Staff("zhu", "朱明哲", "senior-leadership", "company"),
    Staff("han", "韩梅", "management-rep", "company"),
    Staff("deng", "邓凯", "enterprise-dept", "enterprise", True),
    Staff("cheng", "程悦", "area-cs", "enterprise"),
    Staff("wei", "魏东", "warranty-office", "warranty", True),
    Staff("kang", "康宁", "it-admin", "company"),
    Staff("mo", "莫言之", "auditor", "company"),
)
YUNXI: Final = (
    Staff("mei", "梅兰", "receptionist", "customer-service", shift="early"),
    Staff("niu", "牛奔", "engineer", "engineering", shift="early"),
    Staff("lu", "陆远", "service-manager", "management", True, "office"),
)

RESIDENTS: Final = (
    ("3-1-1201", "王秀英", "owner", "13800000001", ""),
    ("3-1-1202", "李国华", "owner", "13800000002", ""),
    ("3-1-1202", "刘洋", "tenant", "13800000003", ""),
    ("5-2-0301", "陈阿婆", "owner", "13800000005", "独居老人，行动不便，来电请优先"),
    ("12-1-2301", "周文斌", "owner", "13800000012", ""),
)
"""(unit, name, as what, phone, special care) of the people whom rehearsals and tests speak of."""

VACANT: Final = frozenset({"8-1-0602"})

SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
GIVEN: Final = ["建华", "志强", "秀兰", "丽娟", "伟明", "小红", "国平", "玉梅", "俊杰", "雨桐", "子涵", "欣怡", "浩然", "文静", "海燕", "永强", "淑芬", "桂英", "晓峰", "思远", "佳琪", "天宇", "春梅", "振华", "美玲", "立新", "少华", "嘉豪", "诗雨", "云飞", "家明", "凤霞", "志远", "婷婷", "金凤", "德胜", "亚楠", "明月", "学军", "慧敏"]
