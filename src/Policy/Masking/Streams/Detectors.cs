namespace Sallyport.Policy.Masking.Streams;

/// <summary>The detectors by the words of policy documents; where two find something at the same place, the first here counts.</summary>
internal static class Detectors
{
    public static IReadOnlyDictionary<string, Detector> Words { get; } = new Dictionary<string, Detector>(StringComparer.Ordinal)
    {
        ["private-key"] = new PrivateKeyDetector(),
        ["jwt"] = new JwtDetector(),
        ["access-token"] = TokenDetector.AccessToken,
        ["aws-key"] = TokenDetector.AwsKey,
        ["email"] = new EmailDetector(),
        ["iban"] = new IbanDetector(),
        ["credit-card"] = new CardDetector(),
        ["us-ssn"] = new SocialSecurityDetector(),
    };
}
