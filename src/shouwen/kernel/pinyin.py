"""Pinyin, in its slim form. The library's own dictionary of phrases costs 45 MB in every process and a third of a second at
each start; we bring the words that matter here and are otherwise read letter by letter. Import it from here, never directly."""

from __future__ import annotations

import os
from typing import Final

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # read by the library when it is imported
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")

from pypinyin import Style, lazy_pinyin, load_phrases_dict, pinyin  # noqa: E402

__all__ = ["Style", "lazy_pinyin", "pinyin"]

WORDS: Final = """
    重新 chóng,xīn 重庆 chóng,qìng 重复 chóng,fù 重装 chóng,zhuāng 重开 chóng,kāi 重做 chóng,zuò 重审 chóng,shěn 重办 chóng,bàn
    银行 yín,háng 银行卡 yín,háng,kǎ 行业 háng,yè 行情 háng,qíng 同行 tóng,háng 内行 nèi,háng 排行 pái,háng
    长期 cháng,qī 长度 cháng,dù 长途 cháng,tú 延长 yán,cháng 长短 cháng,duǎn 长租 cháng,zū 特长 tè,cháng 长明灯 cháng,míng,dēng
    空调 kōng,tiáo 调解 tiáo,jiě 调整 tiáo,zhěng 调试 tiáo,shì 调节 tiáo,jié 协调 xié,tiáo 调休 tiáo,xiū 调价 tiáo,jià 调查 diào,chá
    音乐 yīn,yuè 乐器 yuè,qì 乐队 yuè,duì 厦门 xià,mén 朝阳 cháo,yáng 还款 huán,kuǎn 还钱 huán,qián 归还 guī,huán 退还 tuì,huán
    返还 fǎn,huán 偿还 cháng,huán 还车 huán,chē 参差 cēn,cī 出差 chū,chāi 差旅 chāi,lǚ 便宜 pián,yí 薄荷 bò,hé 会计 kuài,jì
    供给 gōng,jǐ 给水 jǐ,shuǐ 给排水 jǐ,pái,shuǐ 数数 shǔ,shù 处理 chǔ,lǐ 处分 chǔ,fèn 处罚 chǔ,fá 处置 chǔ,zhì 相处 xiāng,chǔ
    办事处 bàn,shì,chù 管理处 guǎn,lǐ,chù 好处 hǎo,chù 爱好 ài,hào 好奇 hào,qí 提防 dī,fáng 曾经 céng,jīng 校对 jiào,duì
    转动 zhuàn,dòng 旋转 xuán,zhuǎn 转圈 zhuàn,quān 晃动 huàng,dòng 宿舍 sù,shè 舍弃 shě,qì 扇风 shān,fēng 隔间 gé,jiān 间隔 jiàn,gé
    间断 jiàn,duàn 弹簧 tán,huáng 弹力 tán,lì 大夫 dài,fu 量房 liáng,fáng 测量 cè,liáng 丈量 zhàng,liáng 重量 zhòng,liàng
    率先 shuài,xiān 效率 xiào,lǜ 汇率 huì,lǜ 尽快 jǐn,kuài 尽管 jǐn,guǎn 积累 jī,lěi 劳累 láo,lèi 负责 fù,zé 折扣 zhé,kòu
    似的 shì,de 的确 dí,què 目的 mù,dì 着火 zháo,huǒ 着急 zháo,jí 着装 zhuó,zhuāng 睡着 shuì,zháo 沉没 chén,mò 没收 mò,shōu
    淹没 yān,mò 扒窃 pá,qiè 露台 lù,tái 泄露 xiè,lòu 漏露 lòu,lù 系鞋带 jì,xié,dài 得到 dé,dào 得分 dé,fēn
""".split()
"""Words of property service whose characters are read otherwise than alone, each with its reading."""

load_phrases_dict({word: [[syllable] for syllable in reading.split(",")] for word, reading in zip(WORDS[::2], WORDS[1::2], strict=True)})
