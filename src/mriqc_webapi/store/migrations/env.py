"""Run migrations on the connection that `mriqc_webapi.store.schema` hands over."""

from alembic import context

context.configure(connection=context.config.attributes['connection'])
context.run_migrations()
