"""Every write of this area: people and posts (`people`), leave (`leave`), accounts, logins and tokens (`accounts`)."""

from .accounts import (
    change_password,
    clear_totp,
    create_token,
    disable_totp,
    enable_totp,
    end_other_sessions,
    end_session,
    log_in,
    reset_password,
    revoke_token,
    unlock,
)
from .leave import delegate, end_delegation
from .people import (
    add_user,
    assign,
    change_user,
    end_assignment,
    load_standard,
    map_title,
    people_changed,
    set_department,
    set_post,
    start_user,
    stop_user,
    unmap_title,
)

__all__ = [
    "add_user", "assign", "change_password", "change_user", "clear_totp", "create_token", "delegate", "disable_totp",
    "enable_totp", "end_assignment", "end_delegation", "end_other_sessions", "end_session", "load_standard", "log_in",
    "map_title", "people_changed", "reset_password", "revoke_token", "set_department", "set_post", "start_user",
    "stop_user", "unlock", "unmap_title",
]  # fmt: skip
