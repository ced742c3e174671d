package sandbox

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type stsService struct{}

func (stsService) GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{
		Account: aws.String(Account), Arn: aws.String("arn:aws:iam::" + Account + ":user/sandbox"), UserId: aws.String("AIDASANDBOXSANDBOXSA"),
	}, nil
}
