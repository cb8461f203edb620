"""What paid services cost, by the community's own standard (有偿服务收费标准). Above procedures: they ask it through a slot."""
