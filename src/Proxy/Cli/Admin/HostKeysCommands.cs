using System.CommandLine;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport targets pin</c>, <c>unpin</c> and <c>host-keys</c>: by what an SSH target is known.</summary>
internal static class HostKeysCommands
{
    public static Command List()
    {
        Argument<string> name = Options.Name("target");
        return AdminVerb.Create("host-keys", "List the host keys that are pinned for an SSH target", [name], async context =>
        {
            List<HostPinJson> pins = await context.Client.ListAsync<HostPinJson>(AdminClient.Path($"/v1/targets/{context.Value(name)}/host-keys"), 1000, context.Cancel).ConfigureAwait(false);
            context.Output.Table(pins, ["ADDRESS", "TYPE", "FINGERPRINT", "PINNED", "BY", "REASON"], pin =>
                [pin.Address, pin.Type, pin.Fingerprint, AdminOutput.Time(pin.PinnedAt), pin.PinnedBy, pin.Reason]);
            return ExitCode.Done;
        });
    }

    public static Command Pin()
    {
        Argument<string> name = Options.Name("target");
        Option<string?> fingerprint = Fingerprint("Pin this key and no other; without it the key is only shown");
        Option<string> reason = new("--reason", "-r") { Description = "Why; it is kept in the audit", HelpName = "TEXT", DefaultValueFactory = _ => "pinned by fingerprint" };
        return AdminVerb.Create("pin", "Pin an SSH target's host key: the daemon asks the target for it", [name, fingerprint, reason], async context =>
        {
            string path = AdminClient.Path($"/v1/targets/{context.Value(name)}/host-keys");
            if (context.Value(fingerprint) is not { } wanted)
            {
                HostPinJson shown = await context.Client.SendAsync<HostPinJson>(HttpMethod.Post, path + "/probe", new { }, context.Cancel).ConfigureAwait(false);
                context.Output.Done(shown, $"{shown.Address} shows {shown.Type} {shown.Fingerprint}. Compare it with what ssh-keygen -l says on the host itself, then: sallyport targets pin {shown.Target} --fingerprint {shown.Fingerprint}");
                return ExitCode.Done;
            }

            HostPinJson pin = await context.Client.SendAsync<HostPinJson>(HttpMethod.Post, path, new PinJson(context.Value(reason)!, wanted), context.Cancel).ConfigureAwait(false);
            context.Output.Done(pin, $"{pin.Target}: {pin.Address} is pinned to {pin.Type} {pin.Fingerprint}");
            return ExitCode.Done;
        });
    }

    public static Command Unpin()
    {
        Argument<string> name = Options.Name("target");
        Option<string?> fingerprint = Fingerprint("Only this key; all by default");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("unpin", "Take away an SSH target's pinned host keys: nobody gets there until one is pinned again", [name, fingerprint, reason], async context =>
        {
            string path = AdminClient.Query(AdminClient.Path($"/v1/targets/{context.Value(name)}/host-keys"), ("fingerprint", context.Value(fingerprint)), ("reason", context.Value(reason)));
            UnpinnedJson gone = await context.Client.SendAsync<UnpinnedJson>(HttpMethod.Delete, path, null, context.Cancel).ConfigureAwait(false);
            context.Output.Done(gone, $"{gone.Target}: {gone.Removed} pins are gone");
            return ExitCode.Done;
        });
    }

    private static Option<string?> Fingerprint(string description) => new("--fingerprint", "-f") { Description = description, HelpName = "SHA256:…" };
}
