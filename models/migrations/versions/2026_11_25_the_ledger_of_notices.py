"""the ledger of notices

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_the_ledger_of_notices'
down_revision = '2026_11_25_the_life_of_cases'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agendas',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('anchor', sa.DateTime(timezone=True), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('rung', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('waits_for', sa.Integer(), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('marks', sa.String(length=200), nullable=False),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.Integer(), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agendas')),
    sa.UniqueConstraint('subject', 'subject_id', name=op.f('uq_agendas_subject_subject_id'))
    )
    with op.batch_alter_table('agendas', schema=None) as batch_op:
        batch_op.create_index('ix_agendas_next', ['next_at'], unique=False, sqlite_where=sa.text('stopped_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL'))

    op.create_table('circulars',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=150), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('body_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_after', sa.DateTime(timezone=True), nullable=True),
    sa.Column('subject', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=True),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('rung', sa.String(length=20), nullable=False),
    sa.Column('asks', sa.Boolean(), nullable=False),
    sa.Column('audience', sa.String(length=40), nullable=False),
    sa.Column('audience_id', sa.Integer(), nullable=True),
    sa.Column('cursor', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_circulars')),
    sa.UniqueConstraint('key', name=op.f('uq_circulars_key'))
    )
    op.create_table('quota_days',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'channel', name=op.f('pk_quota_days'))
    )
    op.create_table('pushes',
    sa.Column('member_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('letter_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_pushes_member_id_members')),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_pushes'))
    )
    op.create_table('channel_pauses',
    sa.Column('channel', sa.String(length=80), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('channel', name=op.f('pk_channel_pauses'))
    )
    op.create_table('consents',
    sa.Column('openid', sa.String(length=64), nullable=False),
    sa.Column('template_id', sa.String(length=64), nullable=False),
    sa.Column('sends_left', sa.Integer(), nullable=False),
    sa.Column('standing', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('openid', 'template_id', name=op.f('pk_consents'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_pending', sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
        batch_op.drop_index('ix_outbox_message_id', sqlite_where=sa.text("message_id <> ''"), postgresql_where=sa.text("message_id <> ''"))
        batch_op.add_column(sa.Column('bundle_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('first_tried_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('uncertain', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index('ix_outbox_pending', ['priority', 'due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
        batch_op.create_index('ix_outbox_owed', ['member_id'], unique=False, sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
        batch_op.create_index('ix_outbox_unconfirmed', ['message_id', 'settled_at'], unique=False, sqlite_where=sa.text("state = 'sent' AND message_id <> ''"), postgresql_where=sa.text("state = 'sent' AND message_id <> ''"))
        batch_op.add_column(sa.Column('circular_id', sa.Integer(), nullable=True))
        batch_op.alter_column('body_sealed', existing_type=sa.LargeBinary(), nullable=True)
        batch_op.add_column(sa.Column('office_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('subject', sa.String(length=20), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('subject_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('edition', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('rung', sa.String(length=20), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('asks', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('not_after', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_outbox_asks', ['member_id'], unique=False, sqlite_where=sa.text('asks AND acknowledged_at IS NULL'), postgresql_where=sa.text('asks AND acknowledged_at IS NULL'))
        batch_op.create_index('ix_outbox_subject', ['subject', 'subject_id'], unique=False, sqlite_where=sa.text("subject <> ''"), postgresql_where=sa.text("subject <> ''"))
        batch_op.create_foreign_key(batch_op.f('fk_outbox_office_id_organisations'), 'organisations', ['office_id'], ['id'])

    op.create_table('calls',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('home_id', sa.Integer(), nullable=False),
    sa.Column('desk_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_on', sa.Date(), nullable=True),
    sa.Column('urgent_told', sa.Integer(), nullable=False),
    sa.Column('shown', sa.Integer(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['closed_by'], ['members.id'], name=op.f('fk_calls_closed_by_members')),
    sa.ForeignKeyConstraint(['desk_id'], ['organisations.id'], name=op.f('fk_calls_desk_id_organisations')),
    sa.ForeignKeyConstraint(['home_id'], ['organisations.id'], name=op.f('fk_calls_home_id_organisations')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_calls_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calls'))
    )
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.create_index('ix_calls_desk', ['desk_id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('uq_calls_open', ['member_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_call', ['member_id'], unique=False, sqlite_where=sa.text("state IN ('call', 'waiting') AND priority <= 2 AND member_id IS NOT NULL"), postgresql_where=sa.text("state IN ('call', 'waiting') AND priority <= 2 AND member_id IS NOT NULL"))


def downgrade() -> None:
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_call', sqlite_where=sa.text("state IN ('call', 'waiting') AND priority <= 2 AND member_id IS NOT NULL"), postgresql_where=sa.text("state IN ('call', 'waiting') AND priority <= 2 AND member_id IS NOT NULL"))

    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_index('uq_calls_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index('ix_calls_desk', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.drop_table('calls')

    # The older release cannot say a letter whose text it does not hold itself.
    op.execute("DELETE FROM outbox WHERE body_sealed IS NULL")
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_outbox_office_id_organisations'), type_='foreignkey')
        batch_op.drop_index('ix_outbox_subject', sqlite_where=sa.text("subject <> ''"), postgresql_where=sa.text("subject <> ''"))
        batch_op.drop_index('ix_outbox_asks', sqlite_where=sa.text('asks AND acknowledged_at IS NULL'), postgresql_where=sa.text('asks AND acknowledged_at IS NULL'))
        batch_op.drop_column('acknowledged_at')
        batch_op.drop_column('not_after')
        batch_op.drop_column('asks')
        batch_op.drop_column('rung')
        batch_op.drop_column('edition')
        batch_op.drop_column('subject_id')
        batch_op.drop_column('subject')
        batch_op.drop_column('office_id')
        batch_op.drop_index('ix_outbox_unconfirmed', sqlite_where=sa.text("state = 'sent' AND message_id <> ''"), postgresql_where=sa.text("state = 'sent' AND message_id <> ''"))
        batch_op.drop_index('ix_outbox_owed', sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
        batch_op.drop_index('ix_outbox_pending', sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
        batch_op.drop_column('uncertain')
        batch_op.drop_column('first_tried_at')
        batch_op.drop_column('bundle_id')
        batch_op.create_index('ix_outbox_message_id', ['message_id'], unique=False, sqlite_where=sa.text("message_id <> ''"), postgresql_where=sa.text("message_id <> ''"))
        batch_op.create_index('ix_outbox_pending', ['due_at'], unique=False, sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
        batch_op.drop_column('circular_id')
        batch_op.alter_column('body_sealed', existing_type=sa.LargeBinary(), nullable=False)

    op.drop_table('circulars')
    op.drop_table('consents')
    op.drop_table('channel_pauses')
    op.drop_table('pushes')
    op.drop_table('quota_days')

    with op.batch_alter_table('agendas', schema=None) as batch_op:
        batch_op.drop_index('ix_agendas_next', sqlite_where=sa.text('stopped_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL'))

    op.drop_table('agendas')
