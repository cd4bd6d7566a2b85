# Who Terraform is with the profile of the role, and which instances it sees.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  profile = "assume-role-role"
}

data "aws_caller_identity" "me" {}
data "aws_instances" "all" {}

output "arn" { value = data.aws_caller_identity.me.arn }
output "instances" { value = data.aws_instances.all.ids }
