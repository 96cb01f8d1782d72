"""`POST /api/tracking`: events from the pages of the LMS."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from footfall.tracker.django.options import options
from footfall.tracker.django.parsers import EventParser
from footfall.tracker.django.serializers import TrackingSerializer


class TrackingThrottle(UserRateThrottle):
    """By the option THROTTLE, not by the project's rate for users, which a day of videos would use up."""

    scope = "footfall_tracking"

    def get_rate(self) -> str | None:
        """So many requests in a time, such as 600/min; None for any number."""
        return options().throttle


class TrackingView(APIView):
    """Takes one event of whoever is logged in: 201, or 400, 403, 413, 415, 429, 503."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (IsAuthenticated,)
    throttle_classes = (TrackingThrottle,)
    parser_classes = (EventParser,)
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        """Track an event."""
        serializer = TrackingSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)
