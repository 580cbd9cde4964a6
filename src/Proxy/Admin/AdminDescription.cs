using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Sallyport.Proxy.Admin;

/// <summary>The description of the API (OpenAPI), with each route's role as <c>x-role</c>.</summary>
internal static class AdminDescription
{
    public const string Path = "/openapi.json";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Sallyport admin API", Version = "v1" };
            document.Servers?.Clear();
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            AdminRouteInfo? route = context.Description.ActionDescriptor.EndpointMetadata.OfType<AdminRouteInfo>().SingleOrDefault();
            if (route is not null)
            {
                operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
                operation.Extensions["x-role"] = new JsonNodeExtension(JsonValue.Create(AdminRoles.Name(route.Role)));
                operation.Extensions["x-audited"] = new JsonNodeExtension(JsonValue.Create(route.Audited));
            }

            return Task.CompletedTask;
        });
    }
}
