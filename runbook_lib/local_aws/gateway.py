"""The one way in: door, authentication, authorization, conflicts, moto, in this order.

Nothing reaches moto but through here, and nothing comes back but AWS's own XML.
"""

import logging
import traceback
from uuid import uuid4

from .answers import AwsError, not_emulated, to_xml, with_request_id
from .apis import APIS
from .authentication import Http, read_scope
from .authorization import authorize
from .calls import SERVICES, Call, operation_of, partition_of, read_form, read_parameters
from .conflicts import check_conflicts
from .documents import check_documents
from .emulated import ACTIONS
from .validation import validate
from .weather import ConnectionLost
from .world import World

log = logging.getLogger(__name__)

# Everybody may ask who they are, even under an explicit Deny; AssumeRole also asks the role's
# trust policy, and does so itself.
DECIDED_ELSEWHERE = ("sts:GetCallerIdentity", "sts:AssumeRole")


def answer(http: Http, world: World) -> tuple[int, str, str]:
    """Return status, body and request id. Nothing that a client sends makes this raise."""
    service, request_id = "sts", str(uuid4())
    try:
        _check_door(http)
        form = read_form(http)
        service = "ec2" if form.get("Version") == "2016-11-15" else "sts"
        scope = read_scope(http)
        if scope.service not in SERVICES:
            raise not_emulated(f'the service "{scope.service}"')
        service = scope.service
        partition = partition_of(scope)
        with world.lock:
            caller = world.authenticate(http, scope, partition)
            operation = operation_of(service, form)
            request_id = world.turn(caller.account_id, caller.partition, service, operation.name)
            call = Call(http, caller, service, scope.region, operation, form)
            call.parameters = read_parameters(operation, form)
            world.weather.before(call, world.clock.now())
            status, body = _carry_out(call, world)
            world.weather.after(call, world.clock.now())
        return status, with_request_id(body, request_id), request_id
    except AwsError as error:
        refusal = error
    except ConnectionLost:
        raise
    except NotImplementedError:
        refusal = not_emulated("one of these parameters or filters")
    except Exception as error:
        # The edge of the server: moto breaks on some input, and a client must be told so in XML.
        # The place is logged, and never the values, which may be secret.
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s at %s:%s", type(error).__name__, where.filename, where.lineno)
        refusal = not_emulated("this combination of parameters")
    return refusal.status, to_xml(service, refusal, request_id), request_id


def _check_door(http: Http) -> None:
    if http.header("Host").partition(":")[0] not in ("127.0.0.1", "localhost"):
        # A page in a browser may have its own name resolve to this machine (DNS rebinding).
        raise AwsError("AccessDenied", "the embedded AWS answers to loopback names only", 403)
    if http.target.partition("?")[0] != "/" or http.method not in ("GET", "POST"):
        raise AwsError("InvalidAction", "the embedded AWS answers to GET and POST on / only", 404)


def _carry_out(call: Call, world: World) -> tuple[int, str]:
    iam = world.iam(call.caller.account_id, call.caller.partition)
    assert iam is not None
    validate(call)
    _name_caller(call)
    if call.action not in DECIDED_ELSEWHERE:
        authorize(call, world, iam)
    if call.service == "ec2":
        if call.parameters.get("DryRun"):
            message = "Request would have succeeded, but DryRun flag is set."
            raise AwsError("DryRunOperation", message, 412)
        world.open_region(call.caller.account_id, call.region)
    if call.action not in ACTIONS:
        raise not_emulated(call.action)
    check_conflicts(call, iam)
    check_documents(call, world)
    api = APIS[call.service]()
    api.call, api.world = call, world
    return api.answer()


def _name_caller(call: Call) -> None:
    """Fill in the user name that IAM lets callers leave out, to mean themselves."""
    shape = call.operation.input_shape
    optional = shape is not None and "UserName" in {*shape.members} - {*shape.required_members}
    if call.service == "iam" and optional and "UserName" not in call.parameters:
        if call.caller.session:
            message = "Must specify userName when calling with non-User credentials"
            raise AwsError("ValidationError", message)
        call.parameters["UserName"] = call.caller.entity.name
