# What Terraform makes at the embedded AWS and must find unchanged.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "profile" { type = string }

provider "aws" {
  profile = var.profile
}

data "aws_caller_identity" "me" {}

locals {
  account  = data.aws_caller_identity.me.account_id
  boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_policy" "odd" {
  name        = "tf-policy"
  description = "with characters that URLs encode"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = "arn:aws:iam::${local.account}:role/a+b%20c é\"x"
    }]
  })
}

resource "aws_iam_user" "user" {
  name                 = "tf-user"
  permissions_boundary = local.boundary
  tags                 = { team = "red" }
}

resource "aws_iam_user_policy" "inline" {
  name = "inline"
  user = aws_iam_user.user.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["ec2:Describe*"]
      Resource  = "*"
      Condition = { StringLike = { "aws:PrincipalTag/x" = ["a+b", "100%", "%2B", "é"] } }
    }]
  })
}

resource "aws_iam_user_policy_attachment" "odd" {
  user       = aws_iam_user.user.name
  policy_arn = aws_iam_policy.odd.arn
}

resource "aws_iam_access_key" "key" {
  user = aws_iam_user.user.name
}

resource "aws_iam_role" "role" {
  name                 = "tf-role"
  max_session_duration = 7200
  permissions_boundary = local.boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = [aws_iam_user.user.arn, local.account] }
      Condition = { StringEquals = { "sts:ExternalId" = "a+b %20 é" } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "ec2" {
  role       = aws_iam_role.role.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
}
