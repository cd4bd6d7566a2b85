"""Which actions the embedded AWS answers. Every other one is refused, and says so.

`docs/not-emulated.md` tells what is missing, to people.
"""

_TEXT = {
    "sts": "AssumeRole GetCallerIdentity",
    "iam": """
        CreateUser GetUser ListUsers UpdateUser DeleteUser TagUser UntagUser ListUserTags
        CreateAccessKey ListAccessKeys UpdateAccessKey DeleteAccessKey GetAccessKeyLastUsed
        CreateLoginProfile GetLoginProfile UpdateLoginProfile DeleteLoginProfile
        PutUserPolicy GetUserPolicy ListUserPolicies DeleteUserPolicy
        AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies
        PutUserPermissionsBoundary DeleteUserPermissionsBoundary
        CreateGroup GetGroup ListGroups UpdateGroup DeleteGroup
        AddUserToGroup RemoveUserFromGroup ListGroupsForUser
        PutGroupPolicy GetGroupPolicy ListGroupPolicies DeleteGroupPolicy
        AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies
        CreateRole GetRole ListRoles UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy
        DeleteRole TagRole UntagRole ListRoleTags
        PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy
        AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
        PutRolePermissionsBoundary DeleteRolePermissionsBoundary
        CreatePolicy GetPolicy ListPolicies DeletePolicy TagPolicy UntagPolicy ListPolicyTags
        CreatePolicyVersion GetPolicyVersion ListPolicyVersions DeletePolicyVersion
        SetDefaultPolicyVersion ListEntitiesForPolicy
        CreateInstanceProfile GetInstanceProfile ListInstanceProfiles DeleteInstanceProfile
        AddRoleToInstanceProfile RemoveRoleFromInstanceProfile ListInstanceProfilesForRole
        GetAccountSummary GetAccountAuthorizationDetails ListAccountAliases ListMFADevices
        SimulatePrincipalPolicy SimulateCustomPolicy
    """,
    "ec2": """
        DescribeInstances DescribeInstanceStatus DescribeInstanceTypes
        RunInstances StartInstances StopInstances RebootInstances TerminateInstances
        DescribeRegions DescribeAvailabilityZones DescribeImages DescribeVolumes
        DescribeVpcs DescribeSubnets DescribeSecurityGroups DescribeNetworkInterfaces
        DescribeKeyPairs CreateKeyPair ImportKeyPair DeleteKeyPair
        DescribeTags CreateTags DeleteTags
    """,
}
ACTIONS = frozenset(
    f"{service}:{name}" for service, names in _TEXT.items() for name in names.split()
)
