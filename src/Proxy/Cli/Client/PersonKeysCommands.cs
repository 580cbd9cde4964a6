using System.CommandLine;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Identity.Logins;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport keys add</c>, <c>list</c> and <c>remove</c>: the public keys by which people log in.</summary>
internal static class PersonKeysCommands
{
    public static Command Add()
    {
        Argument<FileInfo> file = new("FILE") { Description = "The public key, such as ~/.ssh/id_ed25519.pub; - is standard input" };
        Option<string?> name = new("--name", "-n") { Description = "What you call it; its comment by default", HelpName = "NAME" };
        Option<string?> ttl = new("--ttl") { Description = "How long it is good for; until it is removed by default", HelpName = "TIME" };
        Option<string?> subject = Subject("Whose; yours by default, others' for administrators");
        return AdminVerb.Create("add", "Register a public key to log in by", [file, name, ttl, subject], async context =>
        {
            FileInfo from = context.Value(file);
            string text = from.Name == "-" ? await Console.In.ReadToEndAsync(context.Cancel).ConfigureAwait(false) : await File.ReadAllTextAsync(from.FullName, context.Cancel).ConfigureAwait(false);

            // A private key must not leave this machine because its name was mistyped.
            if (text.Contains("PRIVATE KEY", StringComparison.Ordinal))
                throw new ClientException($"{from.Name} is a private key: name the file that ends in .pub.");
            PersonKeyJson added = await context.Client.SendAsync<PersonKeyJson>(
                HttpMethod.Post, "/v1/keys", new NewKeyRequest(text.Trim(), context.Value(name), context.Value(ttl), context.Value(subject)), context.Cancel).ConfigureAwait(false);
            context.Output.Done(added, $"{added.Fingerprint} lets {added.Subject} in ({added.Id})");
            return ExitCode.Done;
        });
    }

    public static Command List()
    {
        Option<string?> subject = Subject("Whose; yours by default, others' for administrators");
        Option<bool> all = new("--all") { Description = "Everybody's (administrators)" };
        return AdminVerb.Create("list", "List registered public keys", [subject, all], async context =>
        {
            Page<PersonKeyJson> page = await context.Client.GetAsync<Page<PersonKeyJson>>(
                AdminClient.Query("/v1/keys", ("subject", context.Value(subject)), ("all", context.Value(all) ? true : null)), context.Cancel).ConfigureAwait(false);
            context.Output.Table(page.Items, ["ID", "NAME", "SUBJECT", "TYPE", "FINGERPRINT", "EXPIRES", "LAST USED", "FROM"], key =>
                [key.Id.ToString(), key.Name, key.Subject, key.Type, key.Fingerprint, AdminOutput.Time(key.ExpiresAt), AdminOutput.Time(key.LastUsedAt), key.LastUsedFrom]);
            return ExitCode.Done;
        });
    }

    public static Command Remove() => CredentialCommands.Revoke("remove", "key", "/v1/keys");

    private static Option<string?> Subject(string description) => new("--subject", "-s") { Description = description, HelpName = "SUBJECT" };
}
