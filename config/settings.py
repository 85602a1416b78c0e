"""Settings, read from the environment.

`PERMIT_DESK_MODE` says what the process is for. `demo` (what `./dev` uses) needs nothing else:
embedded SQLite and keys of its own under `var/`. `test` is for the tests. `production`, the
default, takes nothing for granted: SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL, HISTORY_KEY_FILE and
DOCUMENTS_DIR must be given, and weak values are refused.
"""

import os
import tempfile
from pathlib import Path

from csp.constants import NONE, SELF

from config.env import Environment, Mode, demo_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Environment(os.environ)
PERMIT_DESK_MODE = env.mode("PERMIT_DESK_MODE")
PRODUCTION = PERMIT_DESK_MODE is Mode.PRODUCTION

# Never on: error pages are the product's own in every mode, and none shows settings to a visitor.
DEBUG = False

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

if PRODUCTION:
    SECRET_KEY = env.secret_key("SECRET_KEY")
    ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
    DATABASES = {"default": env.database("DATABASE_URL", lasting=True)}
elif PERMIT_DESK_MODE is Mode.DEMO:
    VAR_DIR.mkdir(exist_ok=True)
    SECRET_KEY = demo_secret_key(VAR_DIR / "demo-secret-key")
    ALLOWED_HOSTS = LOCAL_HOSTS + env.words("ALLOWED_HOSTS")
    DATABASES = {
        "default": env.database(
            "DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'permit-desk.sqlite3'}"
        )
    }
else:
    SECRET_KEY = "for tests only, it protects nothing"  # noqa: S105 - not a secret
    ALLOWED_HOSTS = LOCAL_HOSTS
    # A variable of its own, so that no test run ever touches the database of DATABASE_URL.
    DATABASES = {"default": env.database("TEST_DATABASE_URL", default="sqlite:///:memory:")}

# The private key that signs checkpoints of the history. Outside the database, or whoever alters the
# one could sign for it.
STATIC_SOURCE = BASE_DIR / "static"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static"))) if PRODUCTION else None
SERVED = [folder for folder in (STATIC_SOURCE, STATIC_ROOT) if folder]
# The files that came with applications, each under the digest that the history tells.
if PRODUCTION:
    HISTORY_KEY_FILE = env.private_path("HISTORY_KEY_FILE", served=SERVED)
    DOCUMENTS_DIR = env.private_path("DOCUMENTS_DIR", served=SERVED)
elif PERMIT_DESK_MODE is Mode.DEMO:
    HISTORY_KEY_FILE = str(VAR_DIR / "history-key.pem")
    DOCUMENTS_DIR = str(VAR_DIR / "documents")
else:
    HISTORY_KEY_FILE = str(Path(tempfile.gettempdir()) / f"permit-desk-test-{os.getpid()}.pem")
    DOCUMENTS_DIR = str(Path(tempfile.gettempdir()) / f"permit-desk-test-{os.getpid()}-documents")

# Keys that still open sessions made before SECRET_KEY was changed.
SECRET_KEY_FALLBACKS = (
    env.secret_keys("SECRET_KEY_FALLBACKS") if PRODUCTION else env.words("SECRET_KEY_FALLBACKS")
)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# The application.

INSTALLED_APPS = [
    # Without the search for what other packages would put into the administration.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_filters",
    "csp",
    "axes",
    "history",
    "accounts",
    "policies",
    "permits",
    "reports",
    "config",
]

MIDDLEWARE = [
    "config.requests.RequestIdMiddleware",
    "config.requests.RefuseNulMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Before WhiteNoise, so that static files carry these headers too.
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.sessions.CachingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    # Here, so that its page is in the reader's language.
    "config.requests.RefuseLongMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before the first that reads what is sent.
    "config.bodies.RefuseLargeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # After what its page needs, before anything that asks a database.
    "config.office.OfficeMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.sessions.SessionLimitsMiddleware",
    "config.access.AccessMiddleware",
    # Last: puts its own page in place of the sign-in's answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.product",
            ],
        },
    },
]
# Form and field templates are looked up in `templates/` first, Django's own after them.
FORM_RENDERER = "config.forms.Renderer"

# The administration sends an application with all its lines, up to 99, and parties at once.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000

# Accounts and sessions.

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    # First: lets nobody try who is locked out.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if PERMIT_DESK_MODE is Mode.TEST:
    # Argon2 is slow on purpose; the tests sign in hundreds of times.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# The cookie's age. When a session ends is in config/sessions.py.
SESSION_ENGINE = "config.session_store"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

# Ten failed sign-ins lock an account, and an address, for a while: config/lock_out.py says more.

AXES_FAILURE_LIMIT = 10
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_HANDLER = "config.lock_out.Handler"
AXES_COOLOFF_TIME = "config.lock_out.cool_off"
AXES_USE_ATTEMPT_EXPIRATION = True
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# It tells of past locks, by which the next one is longer.
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_USERNAME_CALLABLE = "config.lock_out.name_tried"
AXES_LOCKOUT_CALLABLE = "config.lock_out.locked_answer"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
# The security log tells the same in one line.
AXES_VERBOSE = False

# What a browser may do with our pages: nothing from elsewhere, nothing inline, no frames.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if env.flag("BEHIND_TLS_PROXY", default=False):
        # Only behind a proxy that sets this header itself: a visitor could send it too.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        # So too the address of a visitor: the last one of the header is what the proxy saw, what
        # stands before it the visitor may have made up.
        AXES_IPWARE_META_PRECEDENCE_ORDER = ("HTTP_X_FORWARDED_FOR", "REMOTE_ADDR")
        AXES_IPWARE_PROXY_ORDER = "left-most"
        AXES_IPWARE_PROXY_COUNT = 0
        IPWARE_STRICT = False
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # The prefix makes a browser refuse these cookies from another host of the domain.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"

# Static files: plain from where they lie, or, in production, as `collectstatic` laid them out.

STATIC_URL = "/static/"
STATICFILES_DIRS = [STATIC_SOURCE]
WHITENOISE_USE_FINDERS = not PRODUCTION
# In demo mode a changed style sheet shows at the next reload.
WHITENOISE_AUTOREFRESH = PERMIT_DESK_MODE is Mode.DEMO
# Our style sheets and fonts are for our own pages.
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 60 if PRODUCTION else 0
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Languages and time.

LANGUAGE_CODE = "en-ca"
FORMAT_MODULE_PATH = "config.formats"
# Each in its own words, whatever the page's language: that is how its reader looks for it.
LANGUAGES = [("en-ca", "English"), ("fr-ca", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Toronto"

# One line per record on standard error.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.logs.RequestIdFilter"}},
    "formatters": {"line": {"()": "config.logs.OneLineFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django's defaults mail errors to administrators and print in another form; not here.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Says in several lines what the security log says in one.
        "axes": {"level": "ERROR"},
    },
}

# Applications.

# Whether days on which an application lies with the applicant count against the service standard.
# No text that was read says that they do not; this is the reading of the office.
APPLICANT_TIME_COUNTS = env.flag("APPLICANT_TIME_COUNTS", default=False)

env.refuse_if_faulty()
