from django.urls import path, register_converter

from team import addresses, audit_views, invitation_views, mail_views, views

register_converter(addresses.MemberAddress, "member")
register_converter(addresses.InvitationAddress, "invitation")

urlpatterns = [
    path("team", views.member_list, name="team"),
    path("team/leave", views.leave, name="team_leave"),
    path("team/members/<member:member_id>", views.member_detail, name="team_member"),
    path("team/members/<member:member_id>/remove", views.member_remove, name="team_remove"),
    path("team/members/<member:member_id>/transfer", views.transfer, name="team_transfer"),
    path("team/invitations/new", invitation_views.invite, name="team_invite"),
    path("team/invitations/<invitation:invitation_id>/again", invitation_views.send_again, name="team_invite_again"),
    path("team/invitations/<invitation:invitation_id>/withdraw", invitation_views.withdraw, name="team_withdraw"),
    path("team/audit", audit_views.audit_log, name="audit_log"),
    path("team/audit.csv", audit_views.audit_csv, name="audit_csv"),
    path("invitations/<str:token>", invitation_views.invitation, name="invitation"),
    path("settings/mails", mail_views.change_mails, name="change_mails"),
]
