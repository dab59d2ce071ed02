"""activities, who takes part, volunteer service

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_activities'
down_revision = '2026_11_25_the_rota'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('activity_series',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('place', sa.String(length=100), nullable=False),
    sa.Column('rule', sa.String(length=200), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('begins', sa.String(length=5), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('roll', sa.String(length=20), nullable=False),
    sa.Column('ahead_until', sa.Date(), nullable=True),
    sa.Column('waits_for', sa.Integer(), nullable=True),
    sa.Column('created_by', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_activity_series_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['created_by'], ['members.id'], name=op.f('fk_activity_series_created_by_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_activity_series_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity_series'))
    )
    with op.batch_alter_table('activity_series', schema=None) as batch_op:
        batch_op.create_index('ix_activity_series_ahead', ['ahead_until'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_activity_series_consortium_id'), ['consortium_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_activity_series_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('activities',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('series_id', sa.Integer(), nullable=True),
    sa.Column('original_day', sa.Date(), nullable=True),
    sa.Column('consortium_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('topic', sa.String(length=200), nullable=False),
    sa.Column('place', sa.String(length=100), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('called_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('called_by', sa.Integer(), nullable=True),
    sa.Column('held_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('recorded_by', sa.Integer(), nullable=True),
    sa.Column('minutes', sa.Text(), nullable=False),
    sa.Column('followed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('follow_up', sa.Text(), nullable=False),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('consortium_id IS NOT NULL OR organisation_id IS NOT NULL', name=op.f('ck_activities_host')),
    sa.ForeignKeyConstraint(['called_by'], ['members.id'], name=op.f('fk_activities_called_by_members')),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_activities_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_activities_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['recorded_by'], ['members.id'], name=op.f('fk_activities_recorded_by_members')),
    sa.ForeignKeyConstraint(['series_id'], ['activity_series.id'], name=op.f('fk_activities_series_id_activity_series')),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_activities')),
    sa.UniqueConstraint('series_id', 'original_day', name=op.f('uq_activities_series_id_original_day')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.create_index('ix_activities_consortium_id_starts_at', ['consortium_id', 'starts_at'], unique=False)
        batch_op.create_index('ix_activities_organisation_id_starts_at', ['organisation_id', 'starts_at'], unique=False)

    op.create_table('activity_photos',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_number', sa.Integer(), nullable=False),
    sa.Column('media_id', sa.String(length=200), nullable=False),
    sa.Column('url', sa.String(length=1000), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['activity_number'], ['activities.number'], name=op.f('fk_activity_photos_activity_number_activities')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_activity_photos_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity_photos'))
    )
    with op.batch_alter_table('activity_photos', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_activity_photos_activity_number'), ['activity_number'], unique=False)

    op.create_table('attendances',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_number', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('present', sa.Boolean(), nullable=False),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('by', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['activity_number'], ['activities.number'], name=op.f('fk_attendances_activity_number_activities')),
    sa.ForeignKeyConstraint(['by'], ['members.id'], name=op.f('fk_attendances_by_members')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_attendances_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_attendances_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendances'))
    )
    with op.batch_alter_table('attendances', schema=None) as batch_op:
        batch_op.create_index('ix_attendances_activity_number', ['activity_number', 'member_id'], unique=False)

    op.create_table('participations',
    sa.Column('activity_number', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['activity_number'], ['activities.number'], name=op.f('fk_participations_activity_number_activities')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_participations_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_participations_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('activity_number', 'member_id', name=op.f('pk_participations'))
    )
    with op.batch_alter_table('participations', schema=None) as batch_op:
        batch_op.create_index('ix_participations_member_id', ['member_id'], unique=False)

    op.create_table('service_records',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('activity_number', sa.Integer(), nullable=True),
    sa.Column('case_number', sa.Integer(), nullable=True),
    sa.Column('what', sa.String(length=200), nullable=False),
    sa.Column('place', sa.String(length=100), nullable=False),
    sa.Column('beneficiary', sa.String(length=20), nullable=False),
    sa.Column('done_on', sa.Date(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('judged_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['activity_number'], ['activities.number'], name=op.f('fk_service_records_activity_number_activities')),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_service_records_case_number_cases')),
    sa.ForeignKeyConstraint(['judged_by'], ['members.id'], name=op.f('fk_service_records_judged_by_members')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_service_records_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_service_records_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_records'))
    )
    with op.batch_alter_table('service_records', schema=None) as batch_op:
        batch_op.create_index('ix_service_records_done_on', ['done_on'], unique=False)
        batch_op.create_index('ix_service_records_member_id', ['member_id'], unique=False)
        batch_op.create_index('uq_service_records_live', ['activity_number', 'member_id'], unique=True, sqlite_where=sa.text("source = 'system' AND withdrawn_at IS NULL"), postgresql_where=sa.text("source = 'system' AND withdrawn_at IS NULL"))



def downgrade() -> None:
    with op.batch_alter_table('service_records', schema=None) as batch_op:
        batch_op.drop_index('uq_service_records_live', sqlite_where=sa.text("source = 'system' AND withdrawn_at IS NULL"), postgresql_where=sa.text("source = 'system' AND withdrawn_at IS NULL"))
        batch_op.drop_index('ix_service_records_member_id')
        batch_op.drop_index('ix_service_records_done_on')

    op.drop_table('service_records')
    with op.batch_alter_table('participations', schema=None) as batch_op:
        batch_op.drop_index('ix_participations_member_id')

    op.drop_table('participations')
    with op.batch_alter_table('attendances', schema=None) as batch_op:
        batch_op.drop_index('ix_attendances_activity_number')

    op.drop_table('attendances')
    with op.batch_alter_table('activity_photos', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_activity_photos_activity_number'))

    op.drop_table('activity_photos')
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.drop_index('ix_activities_organisation_id_starts_at')
        batch_op.drop_index('ix_activities_consortium_id_starts_at')

    op.drop_table('activities')
    with op.batch_alter_table('activity_series', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_activity_series_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_activity_series_consortium_id'))
        batch_op.drop_index('ix_activity_series_ahead', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('activity_series')
