"""Settings, all from the environment with defaults that serve one machine (docs/operating.md lists them)."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parents[1]
TESTING = "pytest" in sys.modules


def env(name: str, default: str = "") -> str:
    return os.environ.get(f"SHOUWEN_{name}", default)


def number(name: str, given: str) -> int:
    """A setting that is a whole number; ends the program with a sentence if it is not."""
    if not given.isdecimal():
        raise SystemExit(f"SHOUWEN_{name} 应为整数，现为「{given}」。")
    return int(given)


DATA_DIR = Path(env("DATA_DIR", "var")).resolve()
KEY_DIR = Path(env("KEY_DIR", str(DATA_DIR / "keys")))
MEDIA_ROOT = Path(env("MEDIA_DIR", str(DATA_DIR / "files")))
DEBUG = env("DEBUG") == "1"
DEVELOPMENT = DEBUG or TESTING or env("DEVELOPMENT") == "1"
WRITE_GUARD = DEVELOPMENT


def _private(folder: Path) -> None:
    """Make a folder, and those it lies in, for nobody else on this machine; those that are there stay as they are."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def _secret_key() -> str:
    """From the environment, or made once for this installation and kept beside its data."""
    if given := env("SECRET_KEY"):
        return given
    path = KEY_DIR / "secret.key"
    if not path.exists():
        _private(path.parent)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass
    return path.read_text()


def _database(url: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/name?sslmode=…, or sqlite:///path (empty = var/shouwen.sqlite3)."""
    parts = urlsplit(url)
    try:
        parts.port  # noqa: B018  read here, where a wrong one can be named
    except ValueError:
        raise SystemExit("SHOUWEN_DATABASE_URL 里的端口应为 1 至 65535。") from None
    if parts.scheme in ("postgres", "postgresql"):
        options: dict[str, Any] = {"server_side_binding": True, "prepare_threshold": 1, "connect_timeout": 3}
        options |= dict(parse_qsl(parts.query))
        return {
            "ENGINE": "shouwen.kernel.db.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 600,
            "OPTIONS": options,
        }
    if parts.scheme != "sqlite":
        raise SystemExit(f"SHOUWEN_DATABASE_URL 应以 postgresql:// 或 sqlite:// 开头，现为「{parts.scheme}」。")
    path = unquote(parts.path[1:]) or str(DATA_DIR / "shouwen.sqlite3")
    _private(Path(path).resolve().parent)
    return {
        "ENGINE": "shouwen.kernel.db.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": (
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous={'OFF' if TESTING else 'FULL'}; PRAGMA foreign_keys=ON;"
                # Else INSERT OR REPLACE takes a row out of an append-only table past its trigger.
                "PRAGMA recursive_triggers=ON;"
                "PRAGMA busy_timeout=10000; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-20000;"
            ),
        },
        # A file, not memory: tests of concurrency need what production has.
        "TEST": {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")},
    }


SECRET_KEY = _secret_key()
DATABASES = {"default": _database(env("DATABASE_URL", "sqlite:///"))}
ALLOWED_HOSTS = env("HOSTS", "127.0.0.1,localhost,[::1]").split(",") + (["testserver"] if TESTING else [])
CSRF_TRUSTED_ORIGINS = [origin for origin in env("ORIGINS").split(",") if origin]
HTTPS = env("HTTPS") == "1"
PREFIX = "/" + env("PREFIX").strip("/") if env("PREFIX").strip("/") else ""
BASE_URL = env("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
PROXIES = number("PROXIES", env("PROXIES", "0"))
"""How many proxies of ours stand in front and write X-Forwarded-For; see kernel/web.py proxies."""

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "axes",
    "shouwen.kernel",
    "shouwen.estate",
    "shouwen.org",
    "shouwen.notices",
    "shouwen.papers",
    "shouwen.duty",
    "shouwen.procedures",
    "shouwen.custody",
    "shouwen.fees",
    "shouwen.rounds",
    "shouwen.premises",
    "shouwen.portal",
    "shouwen.config",
]
AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"] if TESTING else ["django.contrib.auth.hashers.Argon2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

SILENCED_SYSTEM_CHECKS = ["axes.W002"]  # its middleware only draws a page: the lock is asked, and said, in org/actions/proof.py

MIDDLEWARE = [
    "shouwen.kernel.web.proxies",
    "shouwen.kernel.web.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shouwen.kernel.web.refusals",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shouwen.org.middleware.actor",
    "shouwen.kernel.requests.keyed",
]
ROOT_URLCONF = "shouwen.config.urls"
WSGI_APPLICATION = "shouwen.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.csrf", "shouwen.config.menus.frame"],
            "builtins": ["shouwen.kernel.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "shouwen.kernel.widgets.Renderer"
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = DEVELOPMENT
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORCE_SCRIPT_NAME = PREFIX or None
CSRF_COOKIE_PATH = f"{PREFIX}/"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "shouwen.kernel.web.csrf_failed"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
EMAIL_HOST = env("SMTP_HOST")
EMAIL_PORT = number("SMTP_PORT", env("SMTP_PORT", "25"))
EMAIL_HOST_USER = env("SMTP_USER")
EMAIL_HOST_PASSWORD = env("SMTP_PASSWORD")
EMAIL_USE_TLS = env("SMTP_TLS") == "1"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("SMTP_FROM", "shouwen@localhost")
SHOUWEN = {
    "SESSION_IDLE_MINUTES": number("SESSION_IDLE_MINUTES", env("SESSION_IDLE_MINUTES", "720")),
    "SESSION_MAX_HOURS": number("SESSION_MAX_HOURS", env("SESSION_MAX_HOURS", "24")),
    "BASE_URL": BASE_URL if BASE_URL.endswith(PREFIX) else BASE_URL + PREFIX,
    "CHECKPOINT_FILE": env("CHECKPOINT_FILE", str(DATA_DIR / "checkpoints.jsonl")),
    "SMS": env("SMS", "console" if DEVELOPMENT and not TESTING else "off"),
    "SMS_URL": env("SMS_URL"),
    "SMS_TOKEN": env("SMS_TOKEN"),
    "API_DOCS": env("API_DOCS", "1" if DEVELOPMENT else "0") == "1",
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"shouwen": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
