using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Federation;

/// <summary>How the identity provider is to behave.</summary>
public sealed record SimpleSamlPhpSetup
{
    /// <summary>It encrypts assertions (this version: AES-128-CBC and RSA-OAEP, and nothing else).</summary>
    public bool EncryptAssertions { get; init; } = true;

    public bool SignResponses { get; init; } = true;

    public bool SignAssertions { get; init; } = true;
}

/// <summary>What a browser is told to post to us: the address, and the fields of the form.</summary>
public sealed record SamlResponseForm(Uri Url, string SamlResponse, string? RelayState);

/// <summary>
/// SimpleSAMLphp of Debian's package as an identity provider on a free loopback port, by PHP's own web server, with configuration, keys,
/// sessions and logs in a temporary folder. It knows one service provider, takes signed requests only, and has one user.
/// </summary>
public sealed partial class SimpleSamlPhp : IAsyncDisposable
{
    /// <summary>The user, whose groups are <c>engineers</c> and <c>on-call</c>.</summary>
    public const string User = "alice";
    public const string Email = "alice@example.com";
    public const string Password = "wonderland & co";
    private const string Installed = "/usr/share/simplesamlphp";
    private const int MostSteps = 12;

    private readonly TempFolder _folder = new();
    private readonly string _address = $"http://127.0.0.1:{FreePort.Next()}";
    private ChildProcess? _process;

    private SimpleSamlPhp()
    {
    }

    public string EntityId => _address + "/idp";

    public string SsoUrl => _address + "/saml2/idp/SSOService.php";

    /// <summary>Begins a logout at the identity provider: it asks every service provider in turn, and ends here.</summary>
    public string LogoutUrl => $"{_address}/saml2/idp/SingleLogoutService.php?ReturnTo={Uri.EscapeDataString(LoggedOutUrl)}";

    /// <summary>Where a logout ends.</summary>
    public string LoggedOutUrl => _address + "/saml2/idp/metadata.php";

    /// <summary>Its metadata, as it tells it.</summary>
    public string MetadataXml { get; private set; } = "";

    /// <summary>All it has logged so far.</summary>
    public string Log => File.Exists(_folder.At("log/log")) ? File.ReadAllText(_folder.At("log/log")) : "";

    /// <summary>Metadata of nobody: for one that is told its service provider later.</summary>
    public const string NoServiceProvider = """<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>""";

    /// <summary>Starts one that knows the service provider of this metadata.</summary>
    public static async Task<SimpleSamlPhp> StartAsync(string spMetadata, SimpleSamlPhpSetup? setup = null)
    {
        var server = new SimpleSamlPhp();
        try
        {
            await server.StartWithAsync(spMetadata, setup ?? new SimpleSamlPhpSetup());
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes another service provider the one it knows.</summary>
    public void SetServiceProvider(string spMetadata) => _folder.Write("metadata/sp.xml", spMetadata);

    /// <summary>Plays the browser of <see cref="User"/>: from a request by HTTP-Redirect through the login form to the form with the response.</summary>
    /// <param name="browser">Keeps cookies; a second call with the same one finds the session of the first.</param>
    public async Task<SamlResponseForm> LogInAsync(HttpClient browser, string redirectUrl) =>
        await WalkAsync(browser, await browser.GetAsync(redirectUrl));

    /// <summary>The same, from a request by HTTP-POST.</summary>
    public async Task<SamlResponseForm> LogInAsync(HttpClient browser, string postUrl, IReadOnlyDictionary<string, string> fields) =>
        await WalkAsync(browser, await browser.PostAsync(postUrl, new FormUrlEncodedContent(fields)));

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartWithAsync(string spMetadata, SimpleSamlPhpSetup setup)
    {
        foreach (string folder in (ReadOnlySpan<string>)["log", "data", "temp", "sessions"])
            Directory.CreateDirectory(_folder.At(folder));
        WriteKey();
        _folder.Write("metadata/sp.xml", spMetadata);
        _folder.Write("metadata/saml20-idp-hosted.php", Hosted(setup));
        _folder.Write("config/config.php", Configuration());
        _folder.Write("config/authsources.php", $$"""
            <?php
            $config = ['people' => ['exampleauth:UserPass', '{{User}}:{{Password}}' => [
                'uid' => ['{{User}}'], 'mail' => ['{{Email}}'], 'displayName' => ['Alice Ö. <Example>'], 'groups' => ['engineers', 'on-call']]]];
            """);

        _process = ChildProcess.Start(
            ["php", "-d", "display_errors=0", "-d", $"error_log={_folder.At("log/php")}", "-S", new Uri(_address).Authority, "-t", Installed + "/www"],
            new Dictionary<string, string> { ["SIMPLESAMLPHP_CONFIG_DIR"] = _folder.At("config") });
        await _process.WaitForOutputAsync("started");
        using var browser = new HttpClient();
        MetadataXml = await browser.GetStringAsync(_address + "/saml2/idp/metadata.php");
    }

    private void WriteKey()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=identity provider", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7));
        _folder.Write("cert/idp.key", key.ExportPkcs8PrivateKeyPem());
        _folder.Write("cert/idp.crt", certificate.ExportCertificatePem());
    }

    private string Hosted(SimpleSamlPhpSetup setup) => $$"""
        <?php
        $metadata['{{EntityId}}'] = [
            'host' => '__DEFAULT__', 'auth' => 'people', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt',
            'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
            'SingleSignOnServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],
            'assertion.encryption' => {{Php(setup.EncryptAssertions)}},
            'saml20.sign.response' => {{Php(setup.SignResponses)}},
            'saml20.sign.assertion' => {{Php(setup.SignAssertions)}},
            'validate.authnrequest' => true, 'validate.logout' => true, 'sign.logout' => true, 'redirect.sign' => true, 'redirect.validate' => true,
            'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
            'authproc' => [1 => ['class' => 'saml:AttributeNameID', 'attribute' => 'mail', 'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress']],
        ];
        """;

    private string Configuration() => $$"""
        <?php
        $config = [
            'baseurlpath' => '{{_address}}/', 'certdir' => '{{_folder.At("cert")}}/', 'loggingdir' => '{{_folder.At("log")}}/', 'datadir' => '{{_folder.At("data")}}/',
            'tempdir' => '{{_folder.At("temp")}}', 'metadatadir' => '{{_folder.At("metadata")}}/', 'attributenamemapdir' => '{{Installed}}/attributemap/',
            'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '{{_folder.At("metadata/sp.xml")}}']],
            'secretsalt' => '{{RandomNumberGenerator.GetHexString(32)}}', 'auth.adminpassword' => '{{RandomNumberGenerator.GetHexString(32)}}',
            'timezone' => 'UTC', 'technicalcontact_email' => 'na@example.org', 'language.default' => 'en', 'theme.use' => 'default',
            'enable.saml20-idp' => true, 'enable.http_post' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
            'logging.handler' => 'file', 'logging.level' => 7, 'logging.logfile' => 'log', 'showerrors' => true, 'errorreporting' => false,
            'store.type' => 'phpsession', 'session.phpsession.savepath' => '{{_folder.At("sessions")}}',
            'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'language.cookie.secure' => false, 'language.cookie.samesite' => null,
        ];
        """;

    private static string Php(bool value) => value ? "true" : "false";

    private async Task<SamlResponseForm> WalkAsync(HttpClient browser, HttpResponseMessage answer)
    {
        for (int step = 0; step < MostSteps; step++)
        {
            string page = await answer.Content.ReadAsStringAsync();
            Uri at = answer.RequestMessage!.RequestUri!;
            if (answer.StatusCode != HttpStatusCode.OK || !page.Contains("<form", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException($"{at}: {answer.StatusCode}\n{page}\n--- log\n{Log}");
            Dictionary<string, string> fields = Fields(page);
            string action = Attribute(FormTag().Match(page).Value, "action") ?? "";
            var target = new Uri(at, action);
            if (fields.TryGetValue("SAMLResponse", out string? response))
                return new SamlResponseForm(target, response, fields.GetValueOrDefault("RelayState"));
            fields["username"] = User;
            fields["password"] = Password;
            answer = await browser.PostAsync(target, new FormUrlEncodedContent(fields));
        }

        throw new InvalidOperationException($"No response after {MostSteps} pages.\n--- log\n{Log}");
    }

    private static Dictionary<string, string> Fields(string page)
    {
        Dictionary<string, string> fields = [];
        foreach (Match input in InputTag().Matches(page))
        {
            if (Attribute(input.Value, "name") is { } name && Attribute(input.Value, "type") == "hidden")
                fields[name] = Attribute(input.Value, "value") ?? "";
        }

        return fields;
    }

    private static string? Attribute(string tag, string name) =>
        Regex.Match(tag, $"\\s{name}=\"([^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

    [GeneratedRegex("<input\\b[^>]*>", RegexOptions.IgnoreCase)]
    private static partial Regex InputTag();

    [GeneratedRegex("<form\\b[^>]*>", RegexOptions.IgnoreCase)]
    private static partial Regex FormTag();
}
