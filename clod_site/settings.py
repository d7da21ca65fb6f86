"""All settings, in one file. Nothing set: embedded mode. Production: environment variables, listed in docs/running.md.

Embedded mode keeps everything in ``var/``: SQLite, generated secrets, no Redis. Production refuses to start
without its secrets and names the variable that is missing.
"""

import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from clod_site import identity_providers, secret_strength, secrets_file, start_checks
from clod_site.lib import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("CLOD_VAR", BASE_DIR / "var")
MODE = env.text("CLOD_MODE", "embedded")
if MODE not in {"embedded", "production"}:
    raise env.BadEnvironment("CLOD_MODE must be embedded or production.")
PRODUCTION = MODE == "production"
if _complaints := start_checks.complaints(is_production=PRODUCTION):
    raise env.BadEnvironment("\n".join(_complaints))
TESTING = "pytest" in sys.modules
DEBUG = env.flag("CLOD_DEBUG") and not PRODUCTION

# --- secrets -----------------------------------------------------------------------------------

_generated = {} if PRODUCTION else secrets_file.load_or_create(VAR_DIR / "secrets.json")


def _secrets(name: str) -> tuple[str, ...]:
    """Secret values, newest first: the first one signs and encrypts, the others are still read."""
    return env.words(name, tuple(filter(None, [_generated.get(name, "")])))


SECRET_KEY, *SECRET_KEY_FALLBACKS = _secrets("CLOD_SECRET_KEY")
CLOD_KEY_PEPPERS = _secrets("CLOD_KEY_PEPPERS")
CLOD_ENCRYPTION_KEYS = _secrets("CLOD_ENCRYPTION_KEYS")
CLOD_METRICS_TOKEN = env.text("CLOD_METRICS_TOKEN")
if PRODUCTION and (
    _complaint := secret_strength.complaint(
        {
            "CLOD_SECRET_KEY": [SECRET_KEY, *SECRET_KEY_FALLBACKS],
            "CLOD_KEY_PEPPERS": CLOD_KEY_PEPPERS,
            "CLOD_ENCRYPTION_KEYS": CLOD_ENCRYPTION_KEYS,
            "CLOD_METRICS_TOKEN": [CLOD_METRICS_TOKEN] if CLOD_METRICS_TOKEN else [],
        }
    )
):
    raise env.BadEnvironment(_complaint)

# --- where we are ------------------------------------------------------------------------------

PORT = env.integer("PORT", 8000, least=1)
CLOD_BASE_URL = env.text("CLOD_BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
CLOD_API_URL = env.text("CLOD_API_URL", CLOD_BASE_URL).rstrip("/") + "/v1"
_hosts = [urlsplit(CLOD_BASE_URL).hostname or "", urlsplit(CLOD_API_URL).hostname or ""]
ALLOWED_HOSTS = list(env.words("CLOD_ALLOWED_HOSTS", tuple(_hosts if PRODUCTION else [*_hosts, "127.0.0.1", "localhost", "[::1]"])))
_https = CLOD_BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [CLOD_BASE_URL] if _https else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "clod_session", "clod_csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
_behind_proxy = env.flag("CLOD_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_proxy else None
SECURE_SSL_REDIRECT = PRODUCTION and _https and _behind_proxy  # without a proxy that tells, https looks like http, and would go in circles
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION and _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("CLOD_HSTS_SUBDOMAINS")
SILENCED_SYSTEM_CHECKS = [] if SECURE_HSTS_PRELOAD else ["security.W005", "security.W021"]  # it binds other sites: the deployer's to say
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- application -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "team",
    "webhooks",
    "projects",
    "catalog",
    "billing",
    "studio",
    "activity",
    "gateway",
    "clod_site.embedded",
    "clod_site.upkeep",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "servestatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "django_htmx",
    "lucide",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "office",  # last: when it is migrated, all permissions are there
]
MIDDLEWARE = [
    "clod_site.page_log.page_log",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clod_site.policy.PolicyMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "clod_site.compress.CompressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.PrivateMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.TenantMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.DevicesMiddleware",
    "office.factors.StaffFactorMiddleware",
]
ROOT_URLCONF = "clod_site.urls"
ASGI_APPLICATION = "clod_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.frame",
            ],
            "builtins": ["lucide.templatetags.lucide", "accounts.templatetags.drawn_for"],
        },
    }
]

# --- stores ------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, object]:
    """PostgreSQL from ``postgresql://user:password@host:port/name``; a socket directory may be percent-encoded as host."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2]).strip("[]")),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": env.integer("CLOD_DATABASE_POOL", 16, least=1), "timeout": 2},
            "connect_timeout": 2,
            # A server that is gone without a word (its power, a route) is noticed within seconds, not when the kernel gives up.
            "tcp_user_timeout": 5000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": "-c lock_timeout=2000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=10000",
        },
    }


# The ledger's connection brings the write-ahead log into the file long before any other would (billing.ledger.store_sqlite): before
# SQLite 3.51.3 two that do so in the same instant could damage it.
_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": VAR_DIR / "clod.sqlite3",
    "OPTIONS": {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-32000; "
        "PRAGMA wal_autocheckpoint=8000;",
    },
    "TEST": {"NAME": VAR_DIR / "test.sqlite3"},
}
DATABASE_URL = env.text("DATABASE_URL")
DATABASES = {"default": _database(DATABASE_URL) if DATABASE_URL else _SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "clod_site.cache.RedisOrMemory", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- background jobs (the beat table is clod_site/schedule.py) -----------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"

# --- people ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
_verifies = PRODUCTION or env.flag("CLOD_VERIFY_EMAIL")  # addresses by a code; where there is no mail, nobody could log in
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.entrance.LoginForm",
    "signup": "accounts.entrance.SignupForm",
    "confirm_login_code": "accounts.entrance.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "accounts.entrance.ConfirmEmailForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # without a password, codes by mail and passkeys open the account
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _verifies else "optional"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = _verifies
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[CLōD] "
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # of this device; all others are logged out
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {  # docs/accounts.md; the last word of each is what is counted: an address on the net, or one of a mailbox
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip,200/d/ip",
    "confirm_email": "1/10s/key,10/h/key",
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user,30/h/user",
}
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_FORMS = {"authenticate": "accounts.entrance.SecondFactorForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = _verifies
MFA_ALLOW_UNVERIFIED_EMAIL = not _verifies
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost
MFA_TOTP_ISSUER = "CLōD"
MFA_TOTP_TOLERANCE = 1
USERSESSIONS_TRACK_ACTIVITY = True
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True  # both providers verify addresses
SOCIALACCOUNT_PROVIDERS = identity_providers.configured()
INSTALLED_APPS += [f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/models"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if env.text("EMAIL_HOST") else "clod_site.embedded.mailbox.ReadableBackend"
EMAIL_HOST, EMAIL_PORT = env.text("EMAIL_HOST"), env.integer("EMAIL_PORT", 587, least=1)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_USER"), env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS, EMAIL_TIMEOUT = env.flag("EMAIL_USE_TLS", True), 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "CLōD <no-reply@localhost>")

# --- pages -------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "catalog.staticfiles.PlotlyFinder",
]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "clod_site.static_storage.HashedStaticFiles"
    },
}
SERVESTATIC_AUTOREFRESH = SERVESTATIC_USE_FINDERS = TESTING or DEBUG
LANGUAGE_CODE, TIME_ZONE, USE_TZ, USE_I18N = "en", "UTC", True, False
APPEND_SLASH = False
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],  # Plotly writes style elements
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
# browsers follow a form to the log-in page of Google or GitHub only where the policy names it
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += identity_providers.origins(SOCIALACCOUNT_PROVIDERS)

# --- the admin (its pages are */admin.py) --------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "CLōD admin",
    "SITE_HEADER": "CLōD admin",
    "SITE_SYMBOL": "bolt",
    "SITE_URL": "/models",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .03 135)",
            "100": "oklch(95% .06 135)",
            "200": "oklch(91% .11 135)",
            "300": "oklch(86% .17 135)",
            "400": "oklch(80% .2 135)",
            "500": "oklch(68% .19 138)",
            "600": "oklch(50% .14 142)",
            "700": "oklch(43% .12 143)",
            "800": "oklch(37% .1 144)",
            "900": "oklch(31% .08 145)",
            "950": "oklch(22% .06 146)",
        },
    },
    "SIDEBAR": {"show_search": True, "navigation": "clod_site.admin_menu.groups"},
    "DASHBOARD_CALLBACK": "office.dashboard.callback",
}
CLOD_STAFF_MFA = env.flag("CLOD_STAFF_MFA", PRODUCTION)  # whether staff without a second factor are kept out of the admin

# --- payments (docs/payments.md) ---------------------------------------------------------------

CLOD_STRIPE_SECRET_KEY = env.text("CLOD_STRIPE_SECRET_KEY")
CLOD_STRIPE_WEBHOOK_SECRETS = env.words("CLOD_STRIPE_WEBHOOK_SECRET")  # more than one while they are rotated
for _one, _other in (("CLOD_STRIPE_SECRET_KEY", "CLOD_STRIPE_WEBHOOK_SECRET"), ("CLOD_STRIPE_WEBHOOK_SECRET", "CLOD_STRIPE_SECRET_KEY")):
    if env.text(_one) and not env.text(_other):
        raise env.BadEnvironment(f"{_other} is not set, but {_one} is. Stripe needs both: one takes payments, the other hears of them.")
CLOD_STRIPE_API_BASE = env.text("CLOD_STRIPE_API_BASE")  # empty: Stripe's own
if CLOD_STRIPE_SECRET_KEY:  # browsers follow a form to the payment page only where the policy names it
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(env.text("CLOD_STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com"))
CLOD_TOP_UP_AMOUNTS_USD = (5, 10, 25, 100)
CLOD_TOP_UP_MIN_USD = env.integer("CLOD_TOP_UP_MIN_USD", 5, least=1)
CLOD_LOW_WALLET_USD = env.integer("CLOD_LOW_WALLET_USD", 1)  # owners and admins get a mail below it; 0: never
CLOD_TOP_UP_MAX_USD = env.integer("CLOD_TOP_UP_MAX_USD", 10_000, least=1)

# --- machine endpoints -------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # a parameter called format is the address's own
    "EXCEPTION_HANDLER": "clod_site.refusals.api_refused",
}
SPECTACULAR_SETTINGS = {
    "ENUM_NAME_OVERRIDES": {"OperationEnum": "catalog.operations.OPERATIONS"},
    "TITLE": "CLōD API",
    "DESCRIPTION": "One OpenAI-compatible endpoint over many models.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- electricity (docs/energy.md) ----------------------------------------------------------------

CLOD_ENERGY_FEED = env.text("CLOD_ENERGY_FEED", "live" if PRODUCTION else "demo")
CLOD_ENERGY_FALLBACK = env.text("CLOD_ENERGY_FALLBACK", "none")  # what stands in for a market that is silent for long
CLOD_ENERGY_REPLAY = env.words("CLOD_ENERGY_REPLAY")  # CSV files
if CLOD_ENERGY_FEED not in {"live", "replay", "demo"} or CLOD_ENERGY_FALLBACK not in {"none", "demo"}:
    raise env.BadEnvironment("CLOD_ENERGY_FEED must be live, replay or demo, and CLOD_ENERGY_FALLBACK none or demo.")
if not PRODUCTION and CLOD_ENERGY_FEED != "demo":
    raise env.BadEnvironment("CLOD_ENERGY_FEED is set, but embedded mode runs on the demo feed, and its pages say so. Unset it.")
if CLOD_ENERGY_FEED == "replay" and not CLOD_ENERGY_REPLAY:
    raise env.BadEnvironment("CLOD_ENERGY_REPLAY is not set. Name the CSV files to be replayed, separated by commas.")
CLOD_USD_PER_CAD = env.number("CLOD_USD_PER_CAD", 0.72)  # for markets that charge in Canadian dollars
CLOD_PJM_KEY, CLOD_AESO_KEY = env.text("CLOD_PJM_KEY"), env.text("CLOD_AESO_KEY")

# --- the gateway -------------------------------------------------------------------------------

CLOD_FAST_LANE = env.flag("CLOD_FAST_LANE", True)
CLOD_LEASES = env.flag("CLOD_LEASES", True)  # money set aside ahead for whoever calls often: most of their calls wait for no hold
CLOD_FREE_REQUESTS_PER_DAY = 100
CLOD_ROUTING_FEE_BASIS_POINTS = 500
CLOD_MAX_BODY_BYTES = 4 * 1024 * 1024
CLOD_KEY_RATES = env.integer("CLOD_KEY_RPM", 0), env.integer("CLOD_KEY_TPM", 0)  # requests, tokens a minute; 0: no limit
CLOD_ORGANIZATION_RATES = env.integer("CLOD_ORGANIZATION_RPM", 30_000), env.integer("CLOD_ORGANIZATION_TPM", 30_000_000)
CLOD_BAD_KEYS_PER_MINUTE = env.integer("CLOD_BAD_KEYS_PER_MINUTE", 30)  # from one address; then 429 instead of 401
CLOD_PRICES_PER_MINUTE = env.integer("CLOD_PRICES_PER_MINUTE", 120)  # requests of one address to the public price API
CLOD_MAX_BODIES_BYTES = 256 * 1024 * 1024  # of all bodies in one process at a time
CLOD_MAX_CONNECTIONS = env.integer(
    "CLOD_MAX_CONNECTIONS", 4000, least=1
)  # of one process; the limit on open files must allow for twice as many
CLOD_MAX_CONNECTIONS_PER_ADDRESS = env.integer("CLOD_MAX_CONNECTIONS_PER_ADDRESS", 500, least=1)
CLOD_TRUSTED_PROXIES = env.networks("CLOD_TRUSTED_PROXIES")  # whose X-Forwarded-For says who the client is
CLOD_ALLOWED_UPSTREAM_NETWORKS = env.networks("CLOD_ALLOWED_UPSTREAM_NETWORKS")  # private ones that operators may name in the admin
CLOD_UPSTREAM_DEADLINE_S = env.integer("CLOD_UPSTREAM_DEADLINE_S", 600, least=1)
CLOD_FIRST_BYTE_S = env.integer("CLOD_FIRST_BYTE_S", 60, least=1)  # of a data center's stream, while another one could answer
CLOD_DRAIN_S = env.integer("CLOD_DRAIN_S", 60 if PRODUCTION else 3)  # how long a stopping process lets running calls end
CLOD_CATALOG_DIR = BASE_DIR / "catalog" / "data"
CLOD_FAKE_PROVIDER = env.flag("CLOD_FAKE_PROVIDER")  # docs/fake-provider.md
if PRODUCTION and (CLOD_FAKE_PROVIDER or env.text("CLOD_FAKE_URL")):
    raise env.BadEnvironment("CLOD_FAKE_PROVIDER or CLOD_FAKE_URL is set. Its models make their answers up: unset both in production.")
DATA_UPLOAD_MAX_MEMORY_SIZE = CLOD_MAX_BODY_BYTES

# --- logs and measures (docs/observability.md) ---------------------------------------------------

CLOD_LOG_FORMAT = env.text("CLOD_LOG_FORMAT", "json" if PRODUCTION else "plain")
if CLOD_LOG_FORMAT not in {"json", "plain"}:
    raise env.BadEnvironment("CLOD_LOG_FORMAT must be json or plain.")
CLOD_ACCESS_LOG = env.flag("CLOD_ACCESS_LOG", PRODUCTION)  # a line of JSON for every call, page and job
CLOD_SERVER_TIMING = env.flag("CLOD_SERVER_TIMING", not PRODUCTION)  # answers of /v1 say which stage took how long
CLOD_METRICS_NETWORKS = env.networks("CLOD_METRICS_NETWORKS")  # who may read /metrics without the token, besides this machine
CLOD_RELEASE = env.text("CLOD_RELEASE", "unnamed")  # what was deployed: clod_build_info and the start's log line say it
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"discreet": {"()": "clod_site.lib.log_lines.Discreet"}},
    "formatters": {"plain": {"()": "clod_site.lib.log_lines.PlainLine"}, "json": {"()": "clod_site.lib.log_lines.JsonLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": CLOD_LOG_FORMAT, "filters": ["discreet"]}},
    "root": {"handlers": ["stderr"], "level": env.text("CLOD_LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # Django's own set-up has it write lines of another kind, and mail errors
        "django.request": {"level": "ERROR"},  # what visitors did wrong is in the line of the page
        "django.server": {"handlers": [], "propagate": True},
        "uvicorn.access": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # its notes repeat what Stripe says of a wrong key
    },
}
