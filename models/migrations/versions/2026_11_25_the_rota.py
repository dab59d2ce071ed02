"""how the chair goes round: strategies, swaps, handing over

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_the_rota'
down_revision = '2026_11_25_the_ledger_of_notices'
branch_labels = None
depends_on = None

# No two turns of one consortium overlap. PostgreSQL looks when a transaction ends (the release before this one moves
# turns one by one); SQLite can only look at once.
EXCLUDE = """
ALTER TABLE terms ADD CONSTRAINT ex_terms_no_overlap EXCLUDE USING gist (
    int4range(consortium_id, consortium_id, '[]') WITH &&, daterange(starts_on, ends_on, '[]') WITH &&
) DEFERRABLE INITIALLY DEFERRED
"""
TRIGGER = """
CREATE TRIGGER terms_no_overlap_{verb} BEFORE {verb} {of} ON terms WHEN EXISTS (
    SELECT 1 FROM terms WHERE consortium_id = NEW.consortium_id AND id IS NOT NEW.id
    AND starts_on <= NEW.ends_on AND ends_on >= NEW.starts_on
) BEGIN SELECT RAISE(ABORT, 'terms overlap'); END
"""
TRIGGERS = {"insert": "", "update": "OF consortium_id, starts_on, ends_on"}


def upgrade() -> None:
    op.create_table('handovers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('term_id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('outgoing_id', sa.Integer(), nullable=False),
    sa.Column('incoming_id', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cases', sa.Integer(), nullable=False),
    sa.Column('unaccepted', sa.Integer(), nullable=False),
    sa.Column('unclaimed', sa.Integer(), nullable=False),
    sa.Column('projects', sa.Integer(), nullable=False),
    sa.Column('books', sa.Integer(), nullable=False),
    sa.Column('outgoing_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outgoing_by', sa.Integer(), nullable=True),
    sa.Column('incoming_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('incoming_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_handovers_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['incoming_by'], ['members.id'], name=op.f('fk_handovers_incoming_by_members')),
    sa.ForeignKeyConstraint(['incoming_id'], ['organisations.id'], name=op.f('fk_handovers_incoming_id_organisations')),
    sa.ForeignKeyConstraint(['outgoing_by'], ['members.id'], name=op.f('fk_handovers_outgoing_by_members')),
    sa.ForeignKeyConstraint(['outgoing_id'], ['organisations.id'], name=op.f('fk_handovers_outgoing_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handovers')),
    sa.UniqueConstraint('term_id', name=op.f('uq_handovers_term_id'))
    )
    with op.batch_alter_table('handovers', schema=None) as batch_op:
        batch_op.create_index('ix_handovers_consortium_id_starts_on', ['consortium_id', 'starts_on'], unique=False)

    op.create_table('rota_skips',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('missed_on', sa.Date(), nullable=True),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_rota_skips_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['made_by'], ['members.id'], name=op.f('fk_rota_skips_made_by_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_rota_skips_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rota_skips'))
    )
    with op.batch_alter_table('rota_skips', schema=None) as batch_op:
        batch_op.create_index('ix_rota_skips_consortium_id', ['consortium_id'], unique=False)

    op.create_table('rotas',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('strategy', sa.String(length=20), nullable=False),
    sa.Column('span', sa.String(length=20), nullable=False),
    sa.Column('first_on', sa.Date(), nullable=False),
    sa.Column('filled_until', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_rotas_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['set_by'], ['members.id'], name=op.f('fk_rotas_set_by_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rotas')),
    sa.UniqueConstraint('consortium_id', name=op.f('uq_rotas_consortium_id'))
    )
    with op.batch_alter_table('rotas', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rotas_filled_until'), ['filled_until'], unique=False)

    op.create_table('swaps',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('term_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('to_all', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settle_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('peer_id', sa.Integer(), nullable=True),
    sa.Column('peer_term_id', sa.Integer(), nullable=True),
    sa.Column('taken_by', sa.Integer(), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['asked_by'], ['members.id'], name=op.f('fk_swaps_asked_by_members')),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_swaps_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_swaps_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['peer_id'], ['organisations.id'], name=op.f('fk_swaps_peer_id_organisations')),
    sa.ForeignKeyConstraint(['settled_by'], ['members.id'], name=op.f('fk_swaps_settled_by_members')),
    sa.ForeignKeyConstraint(['taken_by'], ['members.id'], name=op.f('fk_swaps_taken_by_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_swaps'))
    )
    with op.batch_alter_table('swaps', schema=None) as batch_op:
        batch_op.create_index('ix_swaps_consortium_id', ['consortium_id'], unique=False)
        batch_op.create_index('ix_swaps_live', ['term_id'], unique=True, sqlite_where=sa.text("state IN ('open', 'taken')"), postgresql_where=sa.text("state IN ('open', 'taken')"))
        batch_op.create_index('ix_swaps_taken', ['peer_term_id'], unique=True, sqlite_where=sa.text("state = 'taken'"), postgresql_where=sa.text("state = 'taken'"))

    op.create_table('term_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('term_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('was_first', sa.Date(), nullable=True),
    sa.Column('was_last', sa.Date(), nullable=True),
    sa.Column('first', sa.Date(), nullable=True),
    sa.Column('last', sa.Date(), nullable=True),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('tells', sa.Boolean(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by'], ['members.id'], name=op.f('fk_term_changes_changed_by_members')),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_term_changes_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_term_changes_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_term_changes'))
    )
    with op.batch_alter_table('term_changes', schema=None) as batch_op:
        batch_op.create_index('ix_term_changes_term_id', ['term_id'], unique=False)
        batch_op.create_index('ix_term_changes_untold', ['changed_at'], unique=False, sqlite_where=sa.text('tells AND told_at IS NULL'), postgresql_where=sa.text('tells AND told_at IS NULL'))

    op.create_table('term_overrides',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('term_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('swap_id', sa.Integer(), nullable=True),
    sa.Column('bundle', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['made_by'], ['members.id'], name=op.f('fk_term_overrides_made_by_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_term_overrides_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_term_overrides'))
    )
    with op.batch_alter_table('term_overrides', schema=None) as batch_op:
        batch_op.create_index('ix_term_overrides_live', ['term_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_term_overrides_term_id'), ['term_id'], unique=False)

    op.create_table('rota_places',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('rota_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_rota_places_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['rota_id'], ['rotas.id'], name=op.f('fk_rota_places_rota_id_rotas')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rota_places')),
    sa.UniqueConstraint('rota_id', 'organisation_id', name=op.f('uq_rota_places_rota_id_organisation_id'))
    )
    op.create_table('swap_asks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('swap_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('term_id', sa.Integer(), nullable=False),
    sa.Column('declined_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('declined_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['declined_by'], ['members.id'], name=op.f('fk_swap_asks_declined_by_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_swap_asks_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['swap_id'], ['swaps.id'], name=op.f('fk_swap_asks_swap_id_swaps')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_swap_asks')),
    sa.UniqueConstraint('swap_id', 'organisation_id', name=op.f('uq_swap_asks_swap_id_organisation_id'))
    )
    # What is told and agreed of a turn names it by its id: the id of one that was dropped must never come again.
    with op.batch_alter_table('terms', schema=None, table_kwargs={'sqlite_autoincrement': True}) as batch_op:
        batch_op.add_column(sa.Column('base_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('origin', sa.String(length=20), server_default='import', nullable=False))
        batch_op.create_foreign_key(batch_op.f('fk_terms_base_id_organisations'), 'organisations', ['base_id'], ['id'])

    if op.get_bind().dialect.name == 'postgresql':
        op.execute(EXCLUDE)
    else:
        for verb, of in TRIGGERS.items():
            op.execute(TRIGGER.format(verb=verb, of=of))


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE terms DROP CONSTRAINT ex_terms_no_overlap')
    else:
        for verb in TRIGGERS:
            op.execute(f'DROP TRIGGER terms_no_overlap_{verb}')
    with op.batch_alter_table('terms', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_terms_base_id_organisations'), type_='foreignkey')
        batch_op.drop_column('origin')
        batch_op.drop_column('base_id')

    op.drop_table('swap_asks')
    op.drop_table('rota_places')
    with op.batch_alter_table('term_overrides', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_term_overrides_term_id'))
        batch_op.drop_index('ix_term_overrides_live', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('term_overrides')
    with op.batch_alter_table('term_changes', schema=None) as batch_op:
        batch_op.drop_index('ix_term_changes_untold', sqlite_where=sa.text('tells AND told_at IS NULL'), postgresql_where=sa.text('tells AND told_at IS NULL'))
        batch_op.drop_index('ix_term_changes_term_id')

    op.drop_table('term_changes')
    with op.batch_alter_table('swaps', schema=None) as batch_op:
        batch_op.drop_index('ix_swaps_taken', sqlite_where=sa.text("state = 'taken'"), postgresql_where=sa.text("state = 'taken'"))
        batch_op.drop_index('ix_swaps_live', sqlite_where=sa.text("state IN ('open', 'taken')"), postgresql_where=sa.text("state IN ('open', 'taken')"))
        batch_op.drop_index('ix_swaps_consortium_id')

    op.drop_table('swaps')
    with op.batch_alter_table('rotas', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rotas_filled_until'))

    op.drop_table('rotas')
    with op.batch_alter_table('rota_skips', schema=None) as batch_op:
        batch_op.drop_index('ix_rota_skips_consortium_id')

    op.drop_table('rota_skips')
    with op.batch_alter_table('handovers', schema=None) as batch_op:
        batch_op.drop_index('ix_handovers_consortium_id_starts_on')

    op.drop_table('handovers')
