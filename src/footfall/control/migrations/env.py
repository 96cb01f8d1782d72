"""Runs migrations on the connection that the caller has opened, inside the caller's transaction."""

from alembic import context

from footfall.control.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
