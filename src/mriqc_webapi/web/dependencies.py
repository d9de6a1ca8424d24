"""What FastAPI routes ask for; coroutines, since plain functions would each cost a thread."""

from typing import Annotated

from fastapi import Depends, Request

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.web.service import Service


async def find_service(request: Request) -> Service:
    """Return what the process has opened."""
    service: Service = request.app.state.service()
    return service


ServiceDep = Annotated[Service, Depends(find_service)]


async def find_resource(resource: str, service: ServiceDep) -> Resource:
    """Look up the resource named in the address."""
    return service.resource(resource)


ResourceDep = Annotated[Resource, Depends(find_resource)]
