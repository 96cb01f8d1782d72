"""A small school. LMS_DATA is the folder for its database and outbox, FOOTFALL_URL the server that gets its events."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("LMS_DATA", BASE_DIR / "data"))

SECRET_KEY = "for this example only"  # noqa: S105 - nothing is behind it
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "footfall.tracker.django",
    "courses",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "lms.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "courses.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
ROOT_URLCONF = "school.urls"
WSGI_APPLICATION = "school.wsgi.application"
STATIC_URL = "static/"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

FOOTFALL = {
    "URL": os.environ.get("FOOTFALL_URL", "http://127.0.0.1:8400"),
    "OUTBOX": DATA / "outbox",
    "FIND_NODE": "courses.tracking.find_node",
    "IS_ENROLLED": "courses.tracking.is_enrolled",
}
