"""Courses, their units, and who takes them."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.urls import reverse


class User(AbstractUser):
    """Somebody with a login; events know them by `anon_username` only."""

    anon_username = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)


class Course(models.Model):
    """A course and its run."""

    slug = models.SlugField()
    run = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    ends = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slug", "run"], name="one_run"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its home page."""
        return reverse("course", args=[self.slug, self.run])

    @property
    def course_slug(self) -> str:
        """As events name it."""
        return self.slug

    @property
    def course_run(self) -> str:
        """As events name it."""
        return self.run


class Unit(models.Model):
    """One page of a course, with a video. What events say of it, they find by name: `course_slug` and so on."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="units")
    module_id = models.PositiveIntegerField(default=1)
    section_id = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=200)
    video = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("unit", args=[self.course.slug, self.course.run, self.pk])

    @property
    def unit_id(self) -> int:
        """As events name it."""
        return self.pk

    @property
    def course_slug(self) -> str:
        """As events name it."""
        return self.course.slug

    @property
    def course_run(self) -> str:
        """As events name it."""
        return self.course.run

    @property
    def course_ends(self) -> object:
        """After this only some types of events are taken."""
        return self.course.ends

    @property
    def page_url(self) -> str:
        """As events name it."""
        return self.get_absolute_url()


class Enrollment(models.Model):
    """Somebody takes a course, or did."""

    user = models.ForeignKey(User, models.CASCADE)
    course = models.ForeignKey(Course, models.CASCADE, related_name="enrollments")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "course"], name="enrolled_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.course}"
