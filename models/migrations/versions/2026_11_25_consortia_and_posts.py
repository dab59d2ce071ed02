"""consortia and posts: roles and ends, posts to the minute, posts in consortia, belts and titles

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_consortia_and_posts'
down_revision = '2026_11_25_calendar_links'
branch_labels = None
depends_on = None

_MIDNIGHT = {
    'sqlite': "strftime('%Y-%m-%d %H:%M:%S.000000', {}, '-8 hours')",
    'postgresql': "CAST({} AS timestamp) AT TIME ZONE 'Asia/Shanghai'",
}
"""The first moment of a day in Chifeng as the database keeps moments. China keeps no summer time (since 1992)."""


def upgrade() -> None:
    op.create_table('belts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('founded_on', sa.Date(), nullable=False),
    sa.Column('dissolved_on', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_belts')),
    sa.UniqueConstraint('code', name=op.f('uq_belts_code'))
    )
    op.create_table('designations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('batch', sa.String(length=40), nullable=False),
    sa.Column('document', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_designations'))
    )
    with op.batch_alter_table('designations', schema=None) as batch_op:
        batch_op.create_index('ix_designations_subject_subject_id', ['subject', 'subject_id'], unique=False)

    op.create_table('belt_consortia',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('belt_id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['belt_id'], ['belts.id'], name=op.f('fk_belt_consortia_belt_id_belts')),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_belt_consortia_consortium_id_consortia')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_belt_consortia')),
    sa.UniqueConstraint('belt_id', 'consortium_id', 'since', name=op.f('uq_belt_consortia_belt_id_consortium_id_since'))
    )
    with op.batch_alter_table('belt_consortia', schema=None) as batch_op:
        batch_op.create_index('ix_belt_consortia_consortium_id', ['consortium_id'], unique=False)

    op.create_table('joint_posts',
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('begins_at', sa.DateTime(timezone=True), server_default=sa.text("'2000-01-01 00:00:00'"), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_joint_posts_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_joint_posts_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_joint_posts_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_joint_posts'))
    )
    with op.batch_alter_table('joint_posts', schema=None) as batch_op:
        batch_op.create_index('ix_joint_posts_consortium_id', ['consortium_id'], unique=False)
        batch_op.create_index('ix_joint_posts_member_id', ['member_id'], unique=False)

    op.add_column('consortia', sa.Column('founded_on', sa.Date(), nullable=True))
    op.add_column('consortia', sa.Column('dissolved_on', sa.Date(), nullable=True))

    # A post that the release before this one gives has no moment: it begins long ago, so that it is held at once.
    op.add_column('posts', sa.Column('begins_at', sa.DateTime(timezone=True), server_default=sa.text("'2000-01-01 00:00:00'"), nullable=False))
    op.add_column('posts', sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True))
    midnight = _MIDNIGHT[op.get_bind().dialect.name]
    op.execute(f"UPDATE posts SET begins_at = {midnight.format('since')}")
    op.execute(f"UPDATE posts SET ends_at = {midnight.format('until')} WHERE until IS NOT NULL")

    op.add_column('seats', sa.Column('role', sa.String(length=20), server_default=sa.text("'member'"), nullable=False))
    op.execute(
        "UPDATE seats SET role = 'lead' WHERE organisation_id = "
        "(SELECT lead_id FROM consortia WHERE consortia.id = seats.consortium_id)"
    )
    with op.batch_alter_table('seats', schema=None) as batch_op:
        batch_op.create_index('uq_seats_open', ['consortium_id', 'organisation_id'], unique=True, sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))


def downgrade() -> None:
    with op.batch_alter_table('seats', schema=None) as batch_op:
        batch_op.drop_index('uq_seats_open', sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))

    op.drop_column('seats', 'role')

    op.drop_column('posts', 'ends_at')
    op.drop_column('posts', 'begins_at')

    op.drop_column('consortia', 'dissolved_on')
    op.drop_column('consortia', 'founded_on')

    with op.batch_alter_table('joint_posts', schema=None) as batch_op:
        batch_op.drop_index('ix_joint_posts_member_id')
        batch_op.drop_index('ix_joint_posts_consortium_id')

    op.drop_table('joint_posts')
    with op.batch_alter_table('belt_consortia', schema=None) as batch_op:
        batch_op.drop_index('ix_belt_consortia_consortium_id')

    op.drop_table('belt_consortia')
    with op.batch_alter_table('designations', schema=None) as batch_op:
        batch_op.drop_index('ix_designations_subject_subject_id')

    op.drop_table('designations')
    op.drop_table('belts')
