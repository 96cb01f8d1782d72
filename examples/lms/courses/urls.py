"""Where the pages are."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from courses import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", LoginView.as_view(template_name="courses/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("courses/<slug:slug>/<str:run>/", views.course, name="course"),
    path("courses/<slug:slug>/<str:run>/enroll/", views.enroll, name="enroll"),
    path("courses/<slug:slug>/<str:run>/units/<int:number>/", views.unit, name="unit"),
]
