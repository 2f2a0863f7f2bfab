"""The company's tags (document 92117)."""

from __future__ import annotations

from collections.abc import Iterable

from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.company import Tag, TagGroup
from bot.testing.wecom.contacts import Contacts
from bot.testing.wecom.variants import Variants
from bot.testing.wecom.world import World


class Tags:
    """externalcontact/…_corp_tag and mark_tag; an app changes its own tags only."""

    def __init__(self, world: World, contacts: Contacts, variants: Variants) -> None:
        self._world = world
        self._contacts = contacts
        self._variants = variants

    def calls(self) -> dict[str, Handler]:
        return {
            "externalcontact/get_corp_tag_list": self._list,
            "externalcontact/add_corp_tag": self._add,
            "externalcontact/edit_corp_tag": self._edit,
            "externalcontact/del_corp_tag": self._delete,
            "externalcontact/mark_tag": self._mark,
        }

    def _list(self, call: Call) -> Answer:
        groups = call.texts("group_id", 1000)
        tags = [] if groups else call.texts("tag_id", 1000)
        rows = []
        for group in self._world.tag_groups.values():
            if groups and group.group_id not in groups:
                continue
            inside = [t for t in self._in(group) if not tags or t.id in tags]
            if inside or not tags:
                rows.append(_group(group, inside))
        return {"tag_group": rows}

    def _add(self, call: Call) -> Answer:
        wanted = call.body.get("tag")
        if not isinstance(wanted, list) or not wanted:
            raise Fault(40058, "tag should not be empty")
        names = {str(tag.get("name", "")): int(tag.get("order") or 0) for tag in wanted}
        if any(not name or len(name) > 30 for name in names):
            raise Fault(40058, "invalid tag name")
        if len(self._world.tags) + len(names) > self._variants.corp_tags:
            raise Fault(40058, "tag number over limit")
        group = self._group(call)
        if any(tag.name in names for tag in self._in(group)):
            raise Fault(40071, "tag name is already exist")
        made = self._world.new_tags(group, list(names.items()))
        return {"tag_group": _group(group, made)}

    def _group(self, call: Call) -> TagGroup:
        groups = self._world.tag_groups
        if ident := call.body.get("group_id"):
            if ident not in groups:
                raise Fault(40068, "invalid tag group id")
            return self._own(call, groups[ident])
        name = call.text("group_name")
        if len(name) > 30:
            raise Fault(40058, "invalid group_name")
        for group in groups.values():
            if group.name == name:
                return self._own(call, group)
        order = int(call.body.get("order") or 0)
        return self._world.new_tag_group(name, order, call.app.agent_id)

    def _edit(self, call: Call) -> Answer:
        ident = call.text("id")
        thing: Tag | TagGroup | None = self._world.tags.get(ident)
        thing = thing or self._world.tag_groups.get(ident)
        if thing is None:
            raise Fault(40068, "invalid tagid")
        self._own(call, self._world.tag_groups[thing.group_id])
        thing.name = str(call.body.get("name") or thing.name)
        thing.order = int(call.body.get("order") or thing.order)
        return {}

    def _delete(self, call: Call) -> Answer:
        tags, groups = _texts(call, "tag_id"), _texts(call, "group_id")
        if not tags and not groups:
            raise Fault(40058, "tag_id and group_id should not both be empty")
        doomed = [self._world.tags[one] for one in tags if one in self._world.tags]
        for ident in groups:
            if ident in self._world.tag_groups:
                doomed += self._in(self._world.tag_groups[ident])
        for tag in doomed:
            self._own(call, self._world.tag_groups[tag.group_id])
        for tag in doomed:
            self._world.tags.pop(tag.id, None)
            for relation in self._world.relations.values():
                relation.tags.discard(tag.id)
        for group in list(self._world.tag_groups.values()):
            if not self._in(group):  # a group without tags goes with its last one
                del self._world.tag_groups[group.group_id]
        return {}

    def _mark(self, call: Call) -> Answer:
        relation = self._contacts.relation(call)
        add, remove = call.texts("add_tag", 3000), call.texts("remove_tag", 3000)
        if not add and not remove:
            raise Fault(40058, "add_tag and remove_tag should not both be empty")
        if any(tag not in self._world.tags for tag in (*add, *remove)):
            raise Fault(40068, "invalid tagid")
        relation.tags = (relation.tags | set(add)) - set(remove)
        return {}

    def _in(self, group: TagGroup) -> list[Tag]:
        return [tag for tag in self._world.tags.values() if tag.group_id == group.group_id]

    @staticmethod
    def _own(call: Call, group: TagGroup) -> TagGroup:
        if group.agent_id != call.app.agent_id:
            raise Fault(60011, "no privilege to modify the tag of others")
        return group


def _texts(call: Call, name: str) -> list[str]:
    """A list, or the one text that wechatpy sends."""
    value = call.body.get(name)
    return [value] if isinstance(value, str) else call.texts(name, 1000)


def _group(group: TagGroup, tags: Iterable[Tag]) -> Answer:
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "create_time": group.create_time,
        "order": group.order,
        "deleted": False,
        "tag": [
            {
                "id": tag.id,
                "name": tag.name,
                "create_time": tag.create_time,
                "order": tag.order,
                "deleted": False,
            }
            for tag in tags
        ],
    }
