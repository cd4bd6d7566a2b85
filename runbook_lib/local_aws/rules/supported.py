"""Which actions the embedded AWS answers. Every other one is refused, and says so.

`docs/not-emulated.md` tells what is missing, to people.
"""

from runbook_lib.local_aws.refusals import AwsError, not_emulated
from runbook_lib.local_aws.store.call import ApiCall

_TEXT = {
    "sts": "AssumeRole GetCallerIdentity GetSessionToken",
    "iam": """
        CreateUser GetUser ListUsers DeleteUser TagUser UntagUser ListUserTags
        CreateAccessKey ListAccessKeys UpdateAccessKey DeleteAccessKey GetAccessKeyLastUsed
        CreateLoginProfile GetLoginProfile DeleteLoginProfile
        CreateVirtualMFADevice ListVirtualMFADevices DeleteVirtualMFADevice
        EnableMFADevice ListMFADevices DeactivateMFADevice
        TagMFADevice UntagMFADevice ListMFADeviceTags
        PutUserPolicy GetUserPolicy ListUserPolicies DeleteUserPolicy
        AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies
        PutUserPermissionsBoundary DeleteUserPermissionsBoundary
        CreateGroup GetGroup ListGroups DeleteGroup
        AddUserToGroup RemoveUserFromGroup ListGroupsForUser
        PutGroupPolicy GetGroupPolicy ListGroupPolicies DeleteGroupPolicy
        AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies
        CreateRole GetRole ListRoles UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy
        DeleteRole TagRole UntagRole ListRoleTags
        PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy
        AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
        PutRolePermissionsBoundary DeleteRolePermissionsBoundary
        ListInstanceProfiles ListInstanceProfilesForRole
        CreatePolicy GetPolicy ListPolicies DeletePolicy TagPolicy UntagPolicy ListPolicyTags
        CreatePolicyVersion GetPolicyVersion ListPolicyVersions DeletePolicyVersion
        SetDefaultPolicyVersion ListEntitiesForPolicy GetAccountAuthorizationDetails
    """,
    "organizations": """
        DescribeOrganization ListRoots ListAccounts ListAccountsForParent
        ListOrganizationalUnitsForParent ListTagsForResource
    """,
    "ec2": """
        RunInstances StartInstances StopInstances TerminateInstances
        DescribeInstances DescribeInstanceStatus DescribeInstanceTypes DescribeTags
        DescribeRegions DescribeAvailabilityZones DescribeImages DescribeKeyPairs DescribeVolumes
        DescribeVpcs DescribeSubnets DescribeSecurityGroups DescribeNetworkInterfaces
    """,
}
ACTIONS = frozenset(
    f"{service}:{name}" for service, names in _TEXT.items() for name in names.split()
)
# What AWS reads in these calls, and nothing here does.
UNREAD = {
    "sts:AssumeRole": "ProvidedContexts",
    "ec2:DescribeAvailabilityZones": "AllAvailabilityZones",
    "ec2:StopInstances": "Hibernate",
    "ec2:RunInstances": """
        CapacityReservationSpecification CpuOptions CreditSpecification DisableApiTermination
        ElasticGpuSpecification ElasticInferenceAccelerators EnablePrimaryIpv6 EnclaveOptions
        HibernationOptions Ipv6AddressCount Ipv6Addresses KernelId LicenseSpecifications
        MaintenanceOptions NetworkPerformanceOptions Operator PrivateDnsNameOptions RamdiskId
        SecondaryInterfaces
    """,
}
# The filters of those calls in which moto passes over a filter that it does not know.
FILTERS = {
    "ec2:DescribeAvailabilityZones": "region-name state zone-id zone-name zone-type",
    "ec2:DescribeInstanceStatus": "instance-state-code instance-state-name",
    "ec2:DescribeRegions": "",
    "ec2:DescribeTags": "key resource-id resource-type value",
}


def check_supported(call: ApiCall) -> None:
    """Raise AwsError NotEmulated for an action that is not in the list."""
    if call.action not in ACTIONS:
        raise not_emulated(call.action)


def check_parameters(call: ApiCall) -> None:
    """Raise AwsError NotEmulated for a parameter or a filter that would be passed over."""
    for name in UNREAD.get(call.action, "").split():
        if call.parameters.get(name):
            raise not_emulated(f"{name} of {call.action}")
    if call.action in FILTERS:
        known = FILTERS[call.action].split()
        for each in call.parameters.get("Filters", []):
            if each.get("Name") not in known:
                raise not_emulated(f'the filter "{each.get("Name")}" of {call.action}')
            if call.action != "ec2:DescribeTags" and {"*", "?"} & {
                *"".join(each.get("Values", []))
            }:
                raise not_emulated(f"wildcards in filters of {call.action}")


def check_dry_run(call: ApiCall) -> None:
    """Raise AwsError DryRunOperation where EC2 was only asked whether the caller may."""
    if call.service == "ec2" and call.parameters.get("DryRun"):
        message = "Request would have succeeded, but DryRun flag is set."
        raise AwsError("DryRunOperation", message, 412)
