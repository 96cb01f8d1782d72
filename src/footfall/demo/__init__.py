"""Simulated people on a learning platform, who use it by day and send what they do to a running footfall.

Everything is made by chance from a seed. What people come for, of 1000 visits:

    90  sign up: a form, a one-time password, an account. 26 % leave at the form, 12 % at the password; of the rest
        most succeed, some after a wrong password or another message, and a few meet each of the errors
    60  sign in with Google, three in ten for the first time; 12 % are denied or never come back
    20  teachers make content in the editor; 8 % close the tab
   120  hosts of the service answer requests; they are restarted every night, and one crashes in the outage
    16  take a course of an LMS, look after one, read in one that has ended, or ask for training
    20  systems and administrators create and change accounts
     8  accounts are deactivated or deleted; two in three of those who deactivated it come back
   666  learn, at the portal or in the mobile app; a third sign in with a password before, one in ten goes on
        to a second site, and the system kills the app of 15 %

Once in the history, a list of 20 people is imported. Events go to /v1/telemetry, what happens to accounts to
/v1/identity/operations, and what the LMS tracks to /api/tracking.

All this goes as the shipped tracking plans say, down to the odd spellings that they know. What is wrong is so on
purpose: one thing in a hundred has a mistake and is rejected, whichever way it goes, so that some flows and sessions
lack an event; and sign-ins with Google of which a look-up that failed is not told (1.5 %).
"""
